"""Models whose many-to-many tables m2m has made, in the style "django".

Prints what Django would have called their constraints and indexes, what its
inspectdb reads, and what its ORM does with them.
"""
import os
import re

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, models, transaction

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"],
                           "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"], "USER": os.environ["PGUSER"]}},
    INSTALLED_APPS=["__main__"], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
django.setup()


# Called as in applications "library" and another; this file is the only one.
class Author(models.Model):
    name = models.TextField()

    class Meta:
        app_label = "__main__"
        db_table = "library_author"


class Book(models.Model):
    title = models.TextField()
    authors = models.ManyToManyField(Author)

    class Meta:
        app_label = "__main__"
        db_table = "library_book"


class Person(models.Model):
    friends = models.ManyToManyField("self", symmetrical=False)

    class Meta:
        app_label = "__main__"
        db_table = "library_person"


class VeryLongModelNameForATable(models.Model):
    books = models.ManyToManyField(Book)

    class Meta:
        app_label = "__main__"
        db_table = "anapplicationlabelthatislong_verylongmodelnameforatable"


TABLES = ("library_book_authors", "library_person_friends", "anapplicationlabelthatislong_verylongmodelnameforatable_books")

# What it would have made, and what is there.
with connection.schema_editor(collect_sql=True) as editor:
    for model in (Author, Book, Person, VeryLongModelNameForATable):
        editor.create_model(model)
would = {name for sql in editor.collected_sql for table in TABLES if f'"{table}"' in sql
         for name in re.findall(r'(?:ADD CONSTRAINT|CREATE INDEX) "([^"]+)"', sql)}
with connection.cursor() as cursor:
    there = {name for table in TABLES for name in connection.introspection.get_constraints(cursor, table)
             if not name.endswith("_pkey")}
print("not there:", sorted(would - there))
print("not Django's:", sorted(there - would))

call_command("inspectdb", "library_book_authors")

# Its ORM.
with transaction.atomic():
    alice, bob = (Author.objects.create(id=i + 1, name=name) for i, name in enumerate(("Alice", "Bob")))
    flask, poets = (Book.objects.create(id=i + 1, title=title) for i, title in enumerate(("Flask", "Poets")))
flask.authors.add(alice, bob)
flask.authors.add(alice)
alice.book_set.add(poets)
print([a.name for a in flask.authors.order_by("id")], [b.title for b in alice.book_set.order_by("id")])
flask.authors.set([bob])
alice.book_set.remove(poets)
bob.book_set.create(id=3, title="Third")
print(list(Author.objects.filter(book__title="Third").values_list("name", flat=True)))
Book.objects.filter(id=3).delete()
ann, ben = Person.objects.create(id=1), Person.objects.create(id=2)
ann.friends.add(ben)
print([p.id for p in ann.friends.all()], [p.id for p in ben.friends.all()])
VeryLongModelNameForATable.objects.create(id=1).books.add(flask)
