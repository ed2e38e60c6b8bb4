"""The media engine's face: commands in, events out, the native module behind `engine`."""
