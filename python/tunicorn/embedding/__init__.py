"""Programs that start the server themselves: `tunicorn.run()` and `gunicorn.app.base`."""
