"""The city's rules, words and adapters: what every function, container and command shares."""
