"""The arguments and options of the verbs, each declared once: its type, its name, its help.

A file holds those of one subject, what refuses those that do not go together, and what is made of them. A
verb's signature then reads as the list of what it takes. Defaults stand in the verbs.
"""
