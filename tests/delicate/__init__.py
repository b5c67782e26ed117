"""An echo machine whose tools fail, or may run only once, for tests with real workers."""
