# ActiveRecord as its guide has it: has_and_belongs_to_many, collection_singular_ids=
# and collection.delete ("Active Record Associations"), in a transaction.
require 'json'
require 'active_record'

ActiveRecord::Base.establish_connection(
  adapter: 'postgresql', host: ENV['PGHOST'], port: ENV['PGPORT'],
  database: ENV['PGDATABASE'], username: ENV['PGUSER'])

class Author < ActiveRecord::Base
  self.table_name = 'author'
  has_and_belongs_to_many :books, join_table: 'author_book'
end

class Book < ActiveRecord::Base
  self.table_name = 'book'
  has_and_belongs_to_many :authors, join_table: 'author_book'
end

def load(groups)
  Author.where(id: groups.map(&:first)).includes(:books).index_by(&:id)
end

OPERATIONS = {
  'one' => lambda { |groups|
    groups.each do |a, (b)|
      author = Author.find(a)
      book = Book.find(b)
      author.books << book unless author.books.exists?(b)
    end
  },
  'link' => lambda { |groups|
    Author.transaction do
      authors = load(groups)
      groups.each { |a, ids| authors[a].book_ids |= ids }
    end
  },
  'set' => lambda { |groups|
    Author.transaction do
      authors = load(groups)
      groups.each { |a, ids| authors[a].book_ids = ids }
    end
  },
  'unlink' => lambda { |groups|
    Author.transaction do
      authors = load(groups)
      groups.each do |a, ids|
        gone = ids.to_set
        authors[a].books.delete(*authors[a].books.select { |book| gone.include?(book.id) })
      end
    end
  }
}

ActiveRecord::Base.connection.execute('SELECT 1')
$stdout.puts 'ready'
$stdout.flush
$stdin.each_line do |line|
  work = JSON.parse(line)
  began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  OPERATIONS[work['operation']].call(work['groups'])
  $stdout.puts Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
  $stdout.flush
end
