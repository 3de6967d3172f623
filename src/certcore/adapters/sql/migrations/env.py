"""How Alembic runs the migrations: on the connection that `certcore.adapters.sql.schema` hands over."""

from alembic import context

from certcore.adapters.sql.columns import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
