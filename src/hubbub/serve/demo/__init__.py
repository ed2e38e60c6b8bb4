"""The demo: a page below ``/demo/`` for trying meetings in a browser, and the small API behind it.

The page needs no AWS credentials: its API calls the Meetings operations as the root account. A
meeting of the demo is known by the name that people agree on. Rights are shown by the JoinToken of
an attendee, as ``Authorization: Bearer <JoinToken>``. Whoever came into a meeting first is its
host, and so is who holds that attendee's token: a page keeps it beyond its tab.
JSON in and out (``Content-Type: application/json``, up to 16 KiB), requests of the same origin
only.

| request                          | body                              | answer                 |
|----------------------------------|-----------------------------------|------------------------|
| POST /demo/api/join              | meeting, user, [attendeeId,       | Meeting, Attendee,     |
|                                  | joinToken], [hostToken]           | host, [hostToken]      |
| GET /demo/api/attendees?meeting= |                                   | Attendees              |
| PUT /demo/api/capabilities       | meeting, attendeeId, capabilities | Attendee               |
| POST /demo/api/end               | meeting                           | 204                    |
| POST /demo/api/transcription     | meeting, on                       | 204                    |

* join: ``meeting`` and ``user`` are names, 1..40 letters, digits, spaces and ``-_.``. ``Meeting``
  and ``Attendee`` are those of the API, for `MeetingSessionConfiguration`; ``host`` is a boolean.
  ExternalUserId is ``<user>#<4 hex digits>``, since names are not unique. ``attendeeId`` and
  ``joinToken`` of an earlier answer make a reloaded page the same attendee again, if it still is
  one; ``hostToken`` of an earlier answer makes a new attendee host again. A host gets that token,
  and shows it where only the host may do something.
* In the others ``meeting`` is a MeetingId. ``attendees`` is for every attendee of the meeting, the
  rest for its host. Attendees come without their JoinToken, in the order in which they joined.
* ``capabilities``: ``{"Audio": …, "Video": …, "Content": …}`` as in the API; what it refuses is
  refused with its status and its ``{"Code", "Message"}``.
* Errors: 400, 401 (no token), 403 (not the host), 404 (no such meeting), each with ``Message``.
"""

from hubbub.serve.demo.opening import demo_wanted, open_demo

__all__ = ["demo_wanted", "open_demo"]
