//! Mixes the audio of one meeting, without I/O.
