// How a contestant looks, the same in every chart of a page: a hue for its family (what stands before the `/`),
// a dash for each member. No two lines are told apart by the hue alone: labels stand beside them.

const HUES = 7; // --hue-0 … in style.css, chosen to differ for color-blind eyes, in light and dark
const DASHES = ['none', '7 3', '2 3', '9 3 2 3', '14 4', '4 2 1 2', '1 2', '12 3 2 3 2 3'];

export const familyOf = (id) => id.split('/')[0];

/** @param {string[]} ids in the order of the page
 * @returns {Map<string, { color: string, dash: string }>} */
export function identities(ids) {
  const families = [...new Set(ids.map(familyOf))];
  const taken = Array.from({ length: HUES }, () => 0); // families that share a hue go on with its dashes
  return new Map(
    ids.map((id) => {
      const hue = families.indexOf(familyOf(id)) % HUES;
      return [id, appearance(hue, taken[hue]++)];
    }),
  );
}

/** Disciplines of the model, which have no families: a hue and a dash each. */
export function disciplineLooks(labels) {
  return new Map(labels.map((label, i) => [label, appearance(i + 1, i)]));
}

function appearance(hue, dash) {
  return { color: `var(--hue-${hue % HUES})`, dash: DASHES[dash % DASHES.length] };
}

/** All contestants of a report, in the order in which they first appear. */
export function idsOf({ scenarios }) {
  const ids = Object.values(scenarios).flatMap(({ summary: { rows, distributions = {} } }) => [
    ...rows.map(({ id }) => id),
    ...Object.keys(distributions.latency ?? {}),
    ...Object.keys(distributions.workers ?? {}),
  ]);
  return [...new Set(ids)];
}
