"""Adapters: the only place where the city speaks boto3."""
