"""Migrations of Django's, with a ManyToManyField, up and down.

Prints the tables after each, and the relationships with their links. Run by
test/t/django.pl on the database PGDATABASE, whose m2m.auto_adopt is on or off.
"""
import os
import sys

import django
from django.conf import settings

settings.configure(
    DATABASES={'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': os.environ['PGDATABASE']}},
    INSTALLED_APPS=['blog'],
    DEFAULT_AUTO_FIELD='django.db.models.BigAutoField',
    MIGRATION_MODULES={'blog': 'blog.migrations'},
)


def module(name, **names):
    """Makes a module, as its file would be."""
    made = type(sys)(name)
    made.__dict__.update(names, __path__=[], __file__=name + '.py')
    sys.modules[name] = made
    return made


module('blog')
module('blog.migrations')
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, migrations, models  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402


def migration(name, depends, *operations):
    return type('Migration', (migrations.Migration,), {
        'dependencies': [('blog', d) for d in depends], 'operations': list(operations)})(name, 'blog')


def fill(apps, schema_editor):
    post = apps.get_model('blog', 'Post').objects.create(title='m2m')
    for name in 'sql', 'web':
        post.labels.add(apps.get_model('blog', 'Label').objects.create(name=name))


all_migrations = [
    migration('0001', [], migrations.CreateModel('Label', [
        ('id', models.BigAutoField(primary_key=True)), ('name', models.CharField(max_length=20))]),
        migrations.CreateModel('Post', [
            ('id', models.BigAutoField(primary_key=True)), ('title', models.CharField(max_length=20)),
            ('labels', models.ManyToManyField('blog.Label'))])),
    migration('0002', ['0001'], migrations.RunPython(fill, migrations.RunPython.noop)),
    migration('0003', ['0002'], migrations.RenameField('Post', 'labels', 'tags')),
    migration('0004', ['0003'], migrations.RenameModel('Label', 'Tag')),
    migration('0005', ['0004'], migrations.AddField('Post', 'friends', models.ManyToManyField('blog.Post')),
              migrations.AlterField('Tag', 'name', models.TextField())),
    migration('0006', ['0005'], migrations.RemoveField('Post', 'tags')),
    migration('0007', ['0006'], migrations.DeleteModel('Post'), migrations.DeleteModel('Tag')),
]


def load_disk(self):
    self.migrated_apps, self.unmigrated_apps = {'blog'}, set()
    self.disk_migrations = {('blog', m.name): m for m in all_migrations}


MigrationLoader.load_disk = load_disk


def show(step):
    """The tables, then each relationship with its views and its links, read by both views."""
    with connection.cursor() as cursor:
        cursor.execute("""SELECT relname FROM pg_class WHERE relname LIKE 'blog%' AND relkind = 'r' ORDER BY 1""")
        print(step, *(name for name, in cursor.fetchall()))
        cursor.execute('SELECT association::text, left_view::text, right_view::text FROM m2m_relationships() ORDER BY 1')
        for association, left, right in cursor.fetchall():
            cursor.execute(f'SELECT (SELECT count(*) FROM {association}), (SELECT count(*) FROM {left}), (SELECT count(*) FROM {right})')
            print('   ', association, left, right, *cursor.fetchone())


for target in '0001', '0002', '0003', '0004', '0005', '0006', '0007', '0005', 'zero':
    call_command('migrate', 'blog', target, verbosity=0, interactive=False)
    show(target)
