"""Run by Alembic: brings the connection handed over by the composition root up to date."""

from alembic import context

import desk.models
from kb.models import Base

assert desk.models.Base is Base  # imported so that its tables are known

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
