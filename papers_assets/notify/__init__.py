"""Notifications and alerts through GitHub issues, e-mail and webhooks.

`papers_assets.notify.message` has the message in all formats. No channel writes a secret into a
message, a log or a repr.
"""
