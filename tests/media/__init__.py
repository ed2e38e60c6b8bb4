"""Meetings with real clients: `amazon-chime-sdk-js` in Chromium, and aiortc.

`browser.py` runs Chromium, `client.py` is one attendee in a page of its own, `meeting.py` makes
meetings through boto3, `cable.py` is a network that can be cut. `page/` is what Chromium loads.
"""
