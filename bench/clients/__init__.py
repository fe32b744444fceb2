"""Real clients as peers of the benchmark. Each is a program of its own, in the
language of its ORM, that reads one piece of work a line, as JSON:

    {"operation": "one" | "link" | "set" | "unlink", "groups": [[author, [book, …]], …]}

does it the way its ORM's documentation says, and answers with the seconds that
took, measured around the work alone. Ids are what it starts from, rows of the
endpoints are in the database.
"""
import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))

CLIENTS = {
    'sqlalchemy': ['/usr/bin/python3', 'sqlalchemy_orm.py'],
    'django': ['/usr/bin/python3', 'django_orm.py'],
    'activerecord': ['/usr/bin/ruby', 'active_record.rb'],
    'sequelize': ['node', 'sequelize_orm.js'],
}


class Client:
    """A running client, whose tables are in the schema of its name."""

    def __init__(self, name, options):
        program, script = CLIENTS[name]
        environment = dict(os.environ, PGOPTIONS=f'-c search_path={name}')
        environment.setdefault('PGDATABASE', 'postgres')
        if options.node_modules:
            environment['NODE_PATH'] = options.node_modules
        self.name = name
        self.process = subprocess.Popen(
            [program, os.path.join(HERE, script)], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != 'ready\n':
            raise OSError('its packages are missing')

    def call(self, operation, groups):
        self.process.stdin.write(json.dumps({'operation': operation, 'groups': groups}) + '\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise OSError(f'{self.name} ended while it did {operation}')
        return float(answer)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
