/** The version of the contract this package implements. */
export const apiVersion = 1;
