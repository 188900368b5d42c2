"""What a person's own words say of a complaint: whom, what went wrong, what is asked. Pure: text in, findings out; each
carries the words it rests on. Nothing here decides; pages ask (docs/how-to/listening.md)."""
