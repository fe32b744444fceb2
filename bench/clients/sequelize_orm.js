// Sequelize as its documentation has it: belongsToMany through a table, and the
// mixins addBooks, setBooks and removeBooks with primary keys ("Associations",
// "Advanced Many-to-Many Associations"), in a managed transaction.
'use strict'

const readline = require('readline')
const { Sequelize, DataTypes } = require('sequelize')

const env = process.env
const sequelize = new Sequelize(env.PGDATABASE, env.PGUSER, null, {
  dialect: 'postgres', host: env.PGHOST, port: env.PGPORT, logging: false,
  pool: { max: 1, idle: 1e9 }, define: { timestamps: false, freezeTableName: true }
})
const id = { type: DataTypes.BIGINT, primaryKey: true }
const Author = sequelize.define('author', { id })
const Book = sequelize.define('book', { id })
const keys = { through: 'author_book', timestamps: false }
Author.belongsToMany(Book, { ...keys, as: 'books', foreignKey: 'author_id', otherKey: 'book_id' })
Book.belongsToMany(Author, { ...keys, as: 'authors', foreignKey: 'book_id', otherKey: 'author_id' })

// Each author's mixin of this name, in one transaction.
async function each (groups, mixin) {
  await sequelize.transaction(async transaction => {
    const found = await Author.findAll({ where: { id: groups.map(([a]) => a) }, transaction })
    const authors = new Map(found.map(author => [author.id, author]))
    for (const [a, ids] of groups) await authors.get(a)[mixin](ids, { transaction })
  })
}

const operations = {
  async one (groups) {
    for (const [a, ids] of groups) await (await Author.findByPk(a)).addBooks(ids)
  },
  link: groups => each(groups, 'addBooks'),
  set: groups => each(groups, 'setBooks'),
  unlink: groups => each(groups, 'removeBooks')
}

async function main () {
  await sequelize.authenticate()
  console.log('ready')
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const work = JSON.parse(line)
    // A bigint is a string to Sequelize, and only strings are equal to it.
    work.groups = work.groups.map(([a, ids]) => [String(a), ids.map(String)])
    const began = process.hrtime.bigint()
    await operations[work.operation](work.groups)
    console.log(Number(process.hrtime.bigint() - began) / 1e9)
  }
  await sequelize.close()
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
