"""The ports on one technology each; no adapter knows another."""
