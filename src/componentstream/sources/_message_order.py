"""The order of messages: whether another message began inside one."""


class MessageOrder:
    """Judges the ids of the events of one message.

    Some gateways start a request anew when it breaks, and send the second answer behind the beginning of the
    first. Others give each chunk an id of its own. So another id means another message only where one of the
    two ids comes more than once, or where an event announces the message.
    """

    def __init__(self) -> None:
        self._id: str | None = None
        self._times = 0
        self._has_content = False
        self._suspect = False  # the id before this one came once only
        self._varies = False  # each event has an id of its own

    def is_spliced(self, message_id: str | None, *, starts: bool, has_content: bool) -> bool:
        """Return whether an event belongs to another message than the events before it."""
        had_content = self._has_content
        self._has_content = had_content or has_content
        if message_id is None:
            return False
        before, self._id = self._id, message_id
        if before is None or before == message_id:
            self._times += 1
            return self._suspect and not self._varies
        spliced = starts or (had_content and self._times > 1 and not self._varies)
        self._varies = self._varies or self._suspect
        # A first event with an id but without content may come from the gateway itself.
        self._suspect = had_content
        self._times = 1
        return spliced
