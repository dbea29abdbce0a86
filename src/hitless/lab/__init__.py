"""Every cause reproduced on a real HAProxy, broken and fixed: scenarios as data, and what runs them."""
