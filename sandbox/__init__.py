"""The providers' side: a WeChat, a Twilio and a mail server that speak the real protocols over loopback.

Imports nothing of the product and is a process of its own; only base URLs tell it from the real providers.
"""
