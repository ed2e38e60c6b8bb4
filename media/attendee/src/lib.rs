//! A headless attendee, and many of them as load.
