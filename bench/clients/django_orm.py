"""Django as its documentation has it: ManyToManyField and the related manager's
add(), set() and remove() with primary keys ("Many-to-many relationships",
"Related objects reference"), in transaction.atomic()."""
import json
import os
import sys
import time

import django
from django.apps import AppConfig
from django.conf import settings


class Bench(AppConfig):
    name = '__main__'
    label = 'bench'
    path = os.path.dirname(os.path.abspath(__file__))


settings.configure(
    DATABASES={'default': {
        'ENGINE': 'django.db.backends.postgresql',
        'NAME': os.environ['PGDATABASE'],
        'USER': os.environ['PGUSER'],
        'HOST': os.environ['PGHOST'],
        'PORT': os.environ['PGPORT']}},
    INSTALLED_APPS=['__main__.Bench'])
django.setup()

from django.db import connection, models, transaction  # noqa: E402


class Book(models.Model):
    id = models.BigIntegerField(primary_key=True)

    class Meta:
        app_label = 'bench'
        db_table = 'book'


class Author(models.Model):
    id = models.BigIntegerField(primary_key=True)
    books = models.ManyToManyField(Book, db_table='author_book', related_name='authors')

    class Meta:
        app_label = 'bench'
        db_table = 'author'


def one(groups):
    for a, ids in groups:
        Author.objects.get(pk=a).books.add(*ids)


@transaction.atomic
def link(groups):
    authors = Author.objects.in_bulk([a for a, _ in groups])
    for a, ids in groups:
        authors[a].books.add(*ids)


@transaction.atomic
def set_(groups):
    authors = Author.objects.in_bulk([a for a, _ in groups])
    for a, ids in groups:
        authors[a].books.set(ids)


@transaction.atomic
def unlink(groups):
    authors = Author.objects.in_bulk([a for a, _ in groups])
    for a, ids in groups:
        authors[a].books.remove(*ids)


operations = {'one': one, 'link': link, 'set': set_, 'unlink': unlink}

connection.ensure_connection()
print('ready', flush=True)
for line in sys.stdin:
    work = json.loads(line)
    began = time.perf_counter()
    operations[work['operation']](work['groups'])
    print(time.perf_counter() - began, flush=True)
