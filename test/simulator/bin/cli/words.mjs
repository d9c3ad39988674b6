/** Splits a typed line as a shell does: white space separates, single and double quotes hold together. */
export function wordsOf(line) {
  const words = []
  let word
  let quote
  for (const letter of line) {
    if (quote !== undefined) {
      if (letter === quote) quote = undefined
      else word += letter
    } else if (letter === '"' || letter === "'") {
      quote = letter
      word ??= ''
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + letter
  }
  return word === undefined ? words : [...words, word]
}
