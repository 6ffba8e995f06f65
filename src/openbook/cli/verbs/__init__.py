"""The verbs: each begins here, reads its arguments, calls the library and shows what came out."""
