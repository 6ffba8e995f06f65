"""The reader that is the base itself: its self-attention reads neighbors beside the text.

Each neighbor is read by the base, as if it stood before the text, and its keys and values are kept. A token
that attends to a chunk's neighbors (see `openbook.model.attended_chunks`) has one softmax over these and its
own past. Where all tokens do, that is the base with the neighbors in its prompt; what is learned begins so.
"""
