ig_fuzz(intent_reply DEPS ig::intent)
