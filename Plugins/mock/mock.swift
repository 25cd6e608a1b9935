// mock: plays the part of the server in a transcript.
