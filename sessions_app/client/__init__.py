"""Take part in a tutoring session from Python: a client of the WebSocket protocol ``tutor.v1``.

    async with TutorClient("http://127.0.0.1:8000", token=token, course="linear-equations") as client:
        await client.send("message.send", {"text": "x = 4"})
        async for item in client:
            if isinstance(item, Event) and item.t == "output.committed":
                print(item.d["text"])

The client reconnects and resumes by itself: every event comes once and in order, every streamed character once, every
command is answered once, whatever happens to the connection or to the server. It needs no Django.
``BlockingTutorClient`` is the same without ``async``.
"""

from sessions_app.client.blocking import BlockingTutorClient
from sessions_app.client.connection import TutorClient
from sessions_app.client.errors import BrokenProtocolError, ClientError, CommandError, LoginError, SessionEndedError
from sessions_app.client.files import Uploaded, upload
from sessions_app.client.frames import Command, Frame, Reply
from sessions_app.client.http import Guest, courses, new_guest
from sessions_app.client.pace import Pace
from sessions_app.client.view import Connection, Event, Item, Live, Output, Resync, View, Welcome

__all__ = [
    "BlockingTutorClient",
    "BrokenProtocolError",
    "ClientError",
    "Command",
    "CommandError",
    "Connection",
    "Event",
    "Frame",
    "Guest",
    "Item",
    "Live",
    "LoginError",
    "Output",
    "Pace",
    "Reply",
    "Resync",
    "SessionEndedError",
    "TutorClient",
    "Uploaded",
    "View",
    "Welcome",
    "courses",
    "new_guest",
    "upload",
]
