"""A private network namespace where every address answers, and the world that HAProxy expects in it."""
