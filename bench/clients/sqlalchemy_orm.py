"""SQLAlchemy as its documentation has it: relationship(secondary=), objects
appended to and assigned to the collection ("Many To Many" in Basic
Relationship Patterns, "Working with ORM Related Objects")."""
import json
import sys
import time

from sqlalchemy import BigInteger, Column, ForeignKey, Table, create_engine, select
from sqlalchemy.orm import Session, declarative_base, relationship, selectinload

Base = declarative_base()

author_book = Table(
    'author_book', Base.metadata,
    Column('author_id', ForeignKey('author.id'), primary_key=True),
    Column('book_id', ForeignKey('book.id'), primary_key=True))


class Author(Base):
    __tablename__ = 'author'
    id = Column(BigInteger, primary_key=True)
    books = relationship('Book', secondary=author_book, back_populates='authors')


class Book(Base):
    __tablename__ = 'book'
    id = Column(BigInteger, primary_key=True)
    authors = relationship('Author', secondary=author_book, back_populates='books')


engine = create_engine('postgresql+psycopg2://', future=True)


def load(session, groups):
    """All authors with their books in two queries, and the books by id."""
    ids = [a for a, _ in groups]
    books = {b for _, ids_ in groups for b in ids_}
    authors = session.scalars(select(Author).where(Author.id.in_(ids))
                              .options(selectinload(Author.books)))
    return ({author.id: author for author in authors},
            {book.id: book for book in session.scalars(select(Book).where(Book.id.in_(books)))})


def one(groups):
    for a, (b,) in groups:
        with Session(engine, future=True) as session:
            author = session.get(Author, a)
            book = session.get(Book, b)
            if book not in author.books:
                author.books.append(book)
            session.commit()


def link(groups):
    with Session(engine, future=True) as session:
        authors, books = load(session, groups)
        for a, ids in groups:
            there = set(authors[a].books)
            authors[a].books.extend(books[b] for b in ids if books[b] not in there)
        session.commit()


def set_(groups):
    with Session(engine, future=True) as session:
        authors, books = load(session, groups)
        for a, ids in groups:
            authors[a].books = [books[b] for b in ids]
        session.commit()


def unlink(groups):
    with Session(engine, future=True) as session:
        authors, books = load(session, groups)
        for a, ids in groups:
            for b in ids:
                authors[a].books.remove(books[b])
        session.commit()


operations = {'one': one, 'link': link, 'set': set_, 'unlink': unlink}

with engine.connect():
    print('ready', flush=True)
for line in sys.stdin:
    work = json.loads(line)
    began = time.perf_counter()
    operations[work['operation']](work['groups'])
    print(time.perf_counter() - began, flush=True)
