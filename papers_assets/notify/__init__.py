"""How what is new reaches people: a GitHub issue a day, e-mail, a webhook.

`notice` says what is told, in all shapes; each other module is a channel. None of them writes a
secret into a message, a log or a repr.
"""
