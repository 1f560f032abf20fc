"""Streams of messages (NATS JetStream) as sources and targets."""
