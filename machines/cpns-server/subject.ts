import { defineChart } from '../chart.ts';
import { initialContext, terms } from './subject-terms.ts';

/** Chart of one data subject: `subject/<deviceId>`. */
export const subject = defineChart('cpns-server/subject', terms, {
  description: 'What the CPNS Server was told of the person behind one device, sealed; and that it was erased.',
  context: initialContext,
  initial: 'unknown',
  states: {
    unknown: {
      description: 'Nobody told anything.',
      on: {
        SubjectDescribed: { target: 'described', actions: 'keepDescription', description: 'Told for the first time.' },
      },
    },
    described: {
      description: 'User, name and MAC address are known to whoever has the key of the subject.',
      on: {
        SubjectDescribed: {
          guard: 'outranks',
          actions: 'keepDescription',
          description: 'Told otherwise; what the operator tells, the device does not change.',
        },
        SubjectErased: {
          guard: 'isCurrentKey',
          target: 'erased',
          actions: 'forgetDescription',
          description: 'The key went in the same commit.',
        },
      },
    },
    erased: {
      description: 'What was told is unreadable for everybody.',
      on: {
        SubjectDescribed: {
          guard: 'isNewLife',
          target: 'described',
          actions: 'keepDescription',
          description: 'The device itself tells anew, under another key; no list of the operator brings it back.',
        },
      },
    },
  },
});
