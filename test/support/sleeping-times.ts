/** For everything that is waited for, milliseconds. What the library itself fixes (cleaning, settling) is as long. */
export const TIME = 1000
