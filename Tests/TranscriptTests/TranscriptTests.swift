// What a transcript's text means.

import Testing
import Transcript

@Suite struct TranscriptTests {}
