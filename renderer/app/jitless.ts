import * as z from 'zod';

// The page's Content-Security-Policy lets nothing make code of text, which zod would try for speed.
// This module comes before every schema.
z.config({ jitless: true });
