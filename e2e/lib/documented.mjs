// What docs/applications.md tells people to write, taken from the page itself: a test that runs it keeps the page true.
import { readFile } from 'node:fs/promises';

const PAGE = new URL('../../docs/applications.md', import.meta.url);

/**
 * The first block of `language` below `heading`. `swaps` is `[[from, to], …]`, the longer names first; each has to be
 * there, and afterwards no name of the documentation may be left, so that nothing runs but by intention.
 */
export async function documented(heading, language, swaps) {
  const page = await readFile(PAGE, 'utf8');
  const [, below] = page.split(`\n${heading}\n`);
  if (!below) throw new Error(`docs/applications.md has no heading "${heading}"`);
  const [, block] = below.split(`\n\`\`\`${language}\n`);
  if (!block) throw new Error(`docs/applications.md has no block of ${language} below "${heading}"`);
  let [text] = block.split('\n```\n');
  for (const [from, to] of swaps) {
    if (!text.includes(from)) throw new Error(`docs/applications.md no longer says \`${from}\` below "${heading}"`);
    text = text.replaceAll(from, to);
  }
  const left = text.match(/.*example\.org.*|.*127\.0\.0\.1:(3000|8080|443)\b.*/);
  if (left) throw new Error(`\`${left[0].trim()}\` below "${heading}" was not swapped`);
  return `${text}\n`;
}
