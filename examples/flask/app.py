"""The classic many-to-many program of Flask-SQLAlchemy, on m2m.

Its authors and books are what they are in every tutorial, `secondary=`,
`back_populates=`, append and extend included. Only the association table is
not spelled out here: m2m makes it, and SQLAlchemy reflects it. So what this
program links every other client sees, and the other way round.

Run it on an empty database that has the extension; see README.md.
"""

import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db = SQLAlchemy(app)


class Author(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(50), nullable=False)
    books = db.relationship(
        "Book", secondary="author_book", back_populates="authors", order_by="Book.id"
    )


class Book(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(100), nullable=False)
    authors = db.relationship(
        "Author", secondary="author_book", back_populates="books", order_by="Author.id"
    )


def print_authors():
    for author in Author.query.order_by(Author.id):
        print(f"{author.name} wrote: {', '.join(b.title for b in author.books)}")


def print_view(query):
    print(f"{query}:")
    for row in db.session.execute(db.text(query)):
        print("  " + " | ".join(str(value) for value in row))


with app.app_context():
    # The tables are the program's, the relationship is m2m's.
    db.create_all()
    db.session.execute(db.text("SELECT m2m_create('author', 'book')"))
    db.session.commit()
    db.Table("author_book", db.metadata, autoload_with=db.engine)

    # The classic part.
    a1 = Author(name="Alice")
    a2 = Author(name="Bob")
    b1 = Book(title="Flask Basics")
    b2 = Book(title="Advanced Flask")
    a1.books.append(b1)
    a2.books.extend([b1, b2])
    db.session.add_all([a1, a2, b1, b2])
    db.session.commit()
    print_authors()

    # What it appended shows in the link views, for every client.
    print_view("SELECT * FROM author_books ORDER BY author_id, id")
    print_view("SELECT * FROM book_authors ORDER BY book_id, id")

    # What somebody else links shows here once the object is read again.
    db.session.execute(
        db.text("SELECT m2m_link('author', :author, 'book', :book)"),
        {"author": a1.id, "book": b2.id},
    )
    db.session.refresh(a1)
    print(f"After m2m_link, {a1.name} wrote: {', '.join(b.title for b in a1.books)}")

    # Unlinking works from either side too.
    b1.authors.remove(a2)
    db.session.commit()
    print_authors()
