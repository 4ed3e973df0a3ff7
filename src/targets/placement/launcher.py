"""Runs a real Placement for claimcheck: one thread, a database in memory, loopback, until its standard input ends.

Arguments: the port, or 0 for a free one. Says `ready PORT` on standard output when requests are taken. One thread, because
SQLite in memory loses writes with more. Standard input is a pipe that nobody writes to: it ends with whoever holds the
other end, also when that was killed, and this process with it.

Beside Placement's API there is one route of our own, PUT /claimcheck/database/NAME. Its body `keep` stores a copy of the
database under the name, `restore` puts that copy back: 2 ms instead of a request for each thing to remove.
"""
import os
import sqlite3
import sys
import tempfile
import threading

CONFIGURATION = """
[DEFAULT]
log_options = false
default_log_levels = placement=CRITICAL,oslo_policy=CRITICAL,alembic=ERROR
[api]
auth_strategy = noauth2
[placement_database]
connection = sqlite://
sync_on_startup = true
"""


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


def with_copies(application, engine):
    """Answers the route of our own and hands everything else on."""
    copies = {}

    def database():
        with engine.connect() as connection:
            proxied = connection.connection
            return getattr(proxied, 'driver_connection', None) or proxied.connection

    def answer(environ, start_response):
        path = environ.get('PATH_INFO', '')
        prefix = '/claimcheck/database/'
        if not path.startswith(prefix) or environ.get('REQUEST_METHOD') != 'PUT':
            return application(environ, start_response)
        name = path[len(prefix):]
        what = environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0))
        if what == b'keep':
            copies[name] = sqlite3.connect(':memory:', check_same_thread=False)
            database().backup(copies[name])
        elif what == b'restore' and name in copies:
            copies[name].backup(database())
        else:
            start_response('404 Not Found', [('Content-Length', '0')])
            return [b'']
        start_response('204 No Content', [])
        return [b'']

    return answer


def main():
    threading.Thread(target=end_with_parent, daemon=True).start()
    # libraries print and log to standard output, which is for one line
    said = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory(prefix='claimcheck-placement-') as directory:
        with open(os.path.join(directory, 'placement.conf'), 'w') as file:
            file.write(CONFIGURATION)
        os.environ['OS_PLACEMENT_CONFIG_DIR'] = directory
        from placement import db_api
        from placement import wsgi
        application = wsgi.init_application()
    import waitress
    server = waitress.create_server(
        with_copies(application, db_api.get_placement_engine()),
        host='127.0.0.1', port=int(sys.argv[1]), threads=1)
    print('ready', server.effective_port, file=said, flush=True)
    server.run()


if __name__ == '__main__':
    main()
