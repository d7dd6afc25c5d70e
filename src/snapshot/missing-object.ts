/** An object that a listing named and that is gone: whoever meets it starts again with the listing (DESIGN §4.3). */
export class MissingObject extends Error {
  readonly key: string

  constructor(key: string) {
    super(`object is missing, ${key}`)
    this.name = 'MissingObject'
    this.key = key
  }
}
