/** The versions of calicoctl that the emulator can be: hw5's default, and the one that the report used. */
export type Version = 'v1.6.5' | 'v1.2.0';
