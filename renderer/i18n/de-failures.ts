/** What the core says of failures, in German, by code: `{name}` stands for evidence. Another code is told in English. */
export const germanFailures: Record<string, { readonly what: string; readonly next: string }> = {};
