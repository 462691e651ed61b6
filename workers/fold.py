"""Folding what the journal holds, and ringing for what follows from it."""

from core.desk import Desk
from core.intake.fold import Folded, fold
from core.notification.states import conversations_of


async def fold_all(desk: Desk) -> None:
    """Fold until nothing is waiting."""
    await desk.bell.heard("fold")
    while (folded := await fold(desk)).count:
        await _tell(desk, folded)


async def _tell(desk: Desk, folded: Folded) -> None:
    await desk.bell.answered(folded.answered)
    if folded.letters:
        await desk.bell.ring("deliver")
    if folded.media:
        await desk.bell.ring("media")
    await desk.bell.announce(folded.conversations | await conversations_of(folded.messages))
