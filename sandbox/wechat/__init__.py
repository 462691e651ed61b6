"""A WeChat platform: the API that a service account calls, and the callbacks that it gets."""
