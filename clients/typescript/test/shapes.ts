/** The fields a message must have, and no others. */
export type Minimal<T> = { [K in keyof T as undefined extends Pick<T, K>[K] ? OptionalKey<T, K> : K]: T[K] };

// An optional field is one its object may lack; one whose value may be undefined is not the same.
type OptionalKey<T, K extends keyof T> = Record<never, never> extends Pick<T, K> ? never : K;

/** Fails to compile unless nothing is left over. */
export type Nothing<T extends never> = T;
