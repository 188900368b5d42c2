"""Telling the programs of enterprises what happens: endpoints, deliveries made from events, and sending them."""
