"""What every reader of the environment raises."""


class SettingsError(Exception):
    """A variable of the environment has a value that cannot be used; the message says which."""
