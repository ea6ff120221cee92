// Control characters, invisible characters, characters that change the direction of text, and separators other than a space.
const unseen = /[[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]--[ ]]/v;

/** Says what {@link isPlainName} asks of a name. */
export const plainNameRule = 'must have no control, invisible or direction characters, and no variants such as full-width letters';

/**
 * Whether a name shows all that it contains and is written in only one way (Unicode's NFKC). Otherwise two different names of tenants, keys
 * or roles could look the same to the people who read them.
 */
export const isPlainName = (name: string): boolean => !unseen.test(name) && name === name.normalize('NFKC');
