"""The Flask site: the caller's page and the REST API. Begin with :func:`admin.app.create_app`."""
