"""Callers that do not sign after RFC 9421: the national call form, OAuth 2 tokens, client certificates."""
