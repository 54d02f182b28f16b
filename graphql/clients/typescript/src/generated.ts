// Generated from graphql/schema.graphql and graphql/operations by ./dev client; not edited by hand.
import { Document } from "./document.js";
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
export type MakeOptional<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]?: Maybe<T[SubKey]> };
export type MakeMaybe<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]: Maybe<T[SubKey]> };
export type MakeEmpty<T extends { [key: string]: unknown }, K extends keyof T> = { [_ in K]?: never };
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A place in a list or in the event log: keep it and give it back, but never look inside. */
  Cursor: { input: string; output: string; }
  /** A day such as `2026-11-22`, in the zone that the field names. */
  Date: { input: string; output: string; }
  /**
   * Implement the DateTime<Utc> scalar
   *
   * The input/output is a string in RFC3339 format.
   */
  DateTime: { input: string; output: string; }
  /**
   * A length of time by ISO 8601, such as `PT1H30M` or `PT0.25S`, to the millisecond and in hours, minutes
   * and seconds: a day is not always 24 hours. What is over already is negative, such as `-PT5M`.
   */
  Duration: { input: string; output: string; }
  /** A phone number with its country code, such as `+15550100077`. */
  E164: { input: string; output: string; }
  /** A scalar that can represent any JSON value. */
  JSON: { input: unknown; output: unknown; }
  /** A language tag such as `de-AT`, as whoever told it wrote it. */
  Locale: { input: string; output: string; }
  /** A whole number up to 2^53, as a JSON number: GraphQL's own `Int` ends at 2^31. */
  Long: { input: number; output: number; }
  /** A time zone by its name in the IANA database, such as `Europe/Vienna`. */
  TimeZone: { input: string; output: string; }
};

/** What kind of somebody did something. */
export type ActorKind =
  /** A person or program of the workspace. */
  | 'AGENT'
  /** A customer. */
  | 'CONTACT'
  /** Somebody at the command line of the installation. */
  | 'OPERATOR'
  /** A rule of the desk itself: routing, timers. */
  | 'SYSTEM';

/** Somebody who answers from now on. */
export type AgentAddInput = {
  /** The name at sign-in. */
  readonly email: Scalars['String']['input'];
  /** A person or an assistant. */
  readonly kind: AgentKind;
  /** The name that colleagues see. */
  readonly name: Scalars['String']['input'];
  /** The password; without one they sign in otherwise. */
  readonly password?: InputMaybe<Scalars['String']['input']>;
  /** What they may do. */
  readonly role: Role;
};

/** What an agent may hold, in units of work. */
export type AgentCapacityInput = {
  /** Calls; as many as in total without it. */
  readonly call?: InputMaybe<Scalars['Int']['input']>;
  /** Mails; as many as in total without it. */
  readonly email?: InputMaybe<Scalars['Int']['input']>;
  /** Classes that do not count towards the total when work of another class comes. */
  readonly interruptible?: ReadonlyArray<WorkClass>;
  /** Conversations by messages; as many as in total without it. */
  readonly message?: InputMaybe<Scalars['Int']['input']>;
  /** Offers that may wait for an answer at once; as many as in total without it. */
  readonly openOffers?: InputMaybe<Scalars['Int']['input']>;
  /** Anything else; as many as in total without it. */
  readonly task?: InputMaybe<Scalars['Int']['input']>;
  /** All classes together. */
  readonly total: Scalars['Int']['input'];
};

/** A person or a program. */
export type AgentKind =
  /** A program, which `assistantsStop` stops. */
  | 'ASSISTANT'
  /** A person. */
  | 'PERSON';

/** Who gets which role. */
export type AgentRoleSetInput = {
  /** Who. */
  readonly agentId: Scalars['ID']['input'];
  /** Which one of those that every workspace has; `CUSTOM` with `roleId`. */
  readonly role: Role;
  /** Which one of the workspace's own. */
  readonly roleId?: InputMaybe<Scalars['ID']['input']>;
};

/** A skill with a level. */
export type AgentSkillInput = {
  /** How well, from 1 to 100. */
  readonly level: Scalars['Int']['input'];
  /** Its name. */
  readonly name: Scalars['String']['input'];
};

/** What changes about an agent. */
export type AgentUpdateInput = {
  /** Who. */
  readonly agentId: Scalars['ID']['input'];
  /** What they may hold. */
  readonly capacity?: InputMaybe<AgentCapacityInput>;
  /** Whether they may not sign in. */
  readonly disabled?: InputMaybe<Scalars['Boolean']['input']>;
  /** A person or an assistant. */
  readonly kind?: InputMaybe<AgentKind>;
  /** The languages that they answer in, as `de` or `pt-BR`. */
  readonly languages?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** The name that colleagues see. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** What they are. */
  readonly presence?: InputMaybe<Presence>;
  /** What they are, in a word of the workspace's own. */
  readonly reasonId?: InputMaybe<Scalars['ID']['input']>;
  /** What they may do. */
  readonly role?: InputMaybe<Role>;
  /** When they are at work; null for always. */
  readonly scheduleId?: InputMaybe<Scalars['ID']['input']>;
  /** All their skills. */
  readonly skills?: InputMaybe<ReadonlyArray<AgentSkillInput>>;
};

/** A new key. */
export type ApiKeyCreateInput = {
  /** Until when it is good, at most a year on. */
  readonly expiresAt: Scalars['DateTime']['input'];
  /** What it is for. */
  readonly name: Scalars['String']['input'];
  /** What it allows at most. */
  readonly permissions: ReadonlyArray<Permission>;
};

/** What became of making a key. */
export type ApiKeyCreateStatus =
  /** The key is good. */
  | 'CREATED'
  /** Its name, permissions or end cannot be so. */
  | 'INVALID'
  /** It would allow more than the viewer may. */
  | 'NOT_ALLOWED'
  /** The viewer has too many keys. */
  | 'TOO_MANY';

/** A key that is revoked. */
export type ApiKeyRevokeInput = {
  /** Which. */
  readonly apiKeyId: Scalars['ID']['input'];
};

/** What became of revoking a key. */
export type ApiKeyRevokeStatus =
  /** There is no such key. */
  | 'NOT_FOUND'
  /** It is good no more. */
  | 'REVOKED'
  /** It was revoked before. */
  | 'UNCHANGED';

/** What became of it. */
export type AsideStatus =
  /** It is so now. */
  | 'CHANGED'
  /** It cannot be so; `faults` say why. */
  | 'INVALID'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** The role of the viewer does not allow it, or it is somebody else's. */
  | 'NOT_ALLOWED'
  /** Something that is named does not exist for the viewer. */
  | 'NOT_FOUND'
  /** It was changed meanwhile. */
  | 'STALE'
  /** It was so already. */
  | 'UNCHANGED';

/** Whether assistants work. */
export type AssistantsStopInput = {
  /** Whether they are stopped. */
  readonly stopped: Scalars['Boolean']['input'];
};

/** Which file to ask for again. */
export type AttachmentRetryInput = {
  /** Which. */
  readonly attachmentId: Scalars['ID']['input'];
};

/** What became of it. */
export type AttachmentRetryStatus =
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** It is here, or on its way already. */
  | 'NOT_FAILED'
  /** There is no such file. */
  | 'NOT_FOUND'
  /** It is asked for at once. */
  | 'WAITING';

/** Whether the bytes of a file are here. */
export type AttachmentState =
  /** They cannot be had, unless `attachmentRetry` finds otherwise. */
  | 'FAILED'
  /** They are here. */
  | 'STORED'
  /** They are still to be fetched from the provider. */
  | 'WAITING';

/** Words with a button by which the customer calls us. */
export type CallInvitationInput = {
  /** For how many minutes the button works; as long as the app has it where none is given. */
  readonly minutes?: InputMaybe<Scalars['Int']['input']>;
  /** What the call tells of the button that began it. */
  readonly payload?: InputMaybe<Scalars['String']['input']>;
  /** The words. */
  readonly text: Scalars['String']['input'];
  /** The words on the button; the app's own where none are given. */
  readonly title?: InputMaybe<Scalars['String']['input']>;
};

/** A button on a card: exactly one of these. */
export type CardButtonInput =
  /** The customer picks it, and the answer names the choice. */
  { readonly choice: ChoiceInput; readonly link?: never; }
  |  /** It opens an address. */
  { readonly choice?: never; readonly link: LinkButtonInput; };

/** One card to leaf to. */
export type CardInput = {
  /** Its buttons. */
  readonly buttons: ReadonlyArray<CardButtonInput>;
  /** The picture or film on it. Its caption is not shown. */
  readonly media: MediaInput;
  /** The words on it. */
  readonly text?: InputMaybe<Scalars['String']['input']>;
};

/** Words with cards to leaf through. */
export type CarouselInput = {
  /** The cards, in the order to show. */
  readonly cards: ReadonlyArray<CardInput>;
  /** The words above the cards. */
  readonly text: Scalars['String']['input'];
};

/** A kind of app that customers write from. */
export type Channel =
  /** Mailboxes. */
  | 'EMAIL'
  /** A Matrix homeserver, as one of its application services. */
  | 'MATRIX'
  /** Telegram bots. */
  | 'TELEGRAM'
  /** The chat widget on a page of one's own. */
  | 'WEBCHAT'
  /** Any app that speaks Interdesk's own signed webhooks. */
  | 'WEBHOOK'
  /** WhatsApp Business. */
  | 'WHATSAPP';

/** One choice. */
export type ChoiceInput = {
  /** More words, where the app has a place for them. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /** The id by which the customer's answer names it. */
  readonly id: Scalars['String']['input'];
  /** The words on it. */
  readonly title: Scalars['String']['input'];
};

/** Words with choices to pick from. */
export type ChoicesInput = {
  /** Small words below. */
  readonly footer?: InputMaybe<Scalars['String']['input']>;
  /** A heading. */
  readonly header?: InputMaybe<Scalars['String']['input']>;
  /** The words on the button that opens a list; without them each choice is a button. */
  readonly list?: InputMaybe<Scalars['String']['input']>;
  /** The choices, grouped; buttons have one group. */
  readonly sections: ReadonlyArray<SectionInput>;
  /** The words above the choices. */
  readonly text: Scalars['String']['input'];
};

/** Whether a person lets us write. */
export type ConsentState =
  /** They said no: nothing may be written before they say yes. */
  | 'DISABLED'
  /** They said yes. */
  | 'ENABLED'
  /** We asked. */
  | 'INVITED'
  /** They never said: who writes to us may be answered. */
  | 'UNKNOWN';

/** What was said about consent. */
export type ConsentWord =
  /** We asked them. */
  | 'INVITED'
  /** They said yes. */
  | 'OPTED_IN'
  /** They said no. */
  | 'OPTED_OUT';

/** What an agent was told about consent. */
export type ContactConsentInput = {
  /** Whose consent. */
  readonly contactId: Scalars['ID']['input'];
  /** The message that shows it, of a conversation with the person. */
  readonly messageId?: InputMaybe<Scalars['ID']['input']>;
  /** On which network, such as `whatsapp`; the person was met there. */
  readonly network: Scalars['String']['input'];
  /** How the agent knows; it is kept with the change. */
  readonly note: Scalars['String']['input'];
  /** What was said. */
  readonly said: ConsentWord;
};

/** Which contacts are one person, and why. */
export type ContactLinkInput = {
  /** The contact that was found to be somebody known. */
  readonly contactId: Scalars['ID']['input'];
  /** Whom. */
  readonly intoContactId: Scalars['ID']['input'];
  /** The message that shows it, of a conversation with one of them. */
  readonly messageId?: InputMaybe<Scalars['ID']['input']>;
  /** How the agent knows; it is kept with the change. */
  readonly note: Scalars['String']['input'];
};

/** Whom to call what. */
export type ContactRenameInput = {
  /** Whom. */
  readonly contactId: Scalars['ID']['input'];
  /** The name. */
  readonly name: Scalars['String']['input'];
};

/** What became of a change of a contact. */
export type ContactStatus =
  /** The contact is linked into another; that has to be undone first. */
  | 'ALREADY_LINKED'
  /** It is written down. */
  | 'CHANGED'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** Conversations of theirs are merged with those of the rest of the person. */
  | 'MERGED'
  /** There is no such contact, or no such message of theirs, or they were never met on the network. */
  | 'NOT_FOUND'
  /** The contact is linked into none. */
  | 'NOT_LINKED'
  /** They opted out, and are not asked again. */
  | 'NOT_OPTED_IN'
  /** They are one person already. */
  | 'SAME_PERSON'
  /** It was so already. */
  | 'UNCHANGED';

/** Which link was wrong, and why. */
export type ContactUnlinkInput = {
  /** The contact that was linked into another. */
  readonly contactId: Scalars['ID']['input'];
  /** The message that shows it, of a conversation with the person. */
  readonly messageId?: InputMaybe<Scalars['ID']['input']>;
  /** How the agent knows; it is kept with the change. */
  readonly note: Scalars['String']['input'];
};

/** What changes about a contact; what is left out stays. */
export type ContactUpdateInput = {
  /**
   * Attributes by name, each with a text, a whole number, or yes and no; null takes one away, and
   * those that are not named stay.
   */
  readonly attributes?: InputMaybe<Scalars['JSON']['input']>;
  /** Whom. */
  readonly contactId: Scalars['ID']['input'];
  /** The hours that were promised to them; null for none. */
  readonly scheduleId?: InputMaybe<Scalars['ID']['input']>;
  /** All segments that they are in. */
  readonly segments?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Whether they are very important. */
  readonly vip?: InputMaybe<Scalars['Boolean']['input']>;
};

/** Which conversation is closed. */
export type ConversationCloseInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
  /** The conversation's version that the agent saw last: where others wrote since, it is refused. */
  readonly lastSeenVersion?: InputMaybe<Scalars['Long']['input']>;
};

/** Which conversations to show; what is left out does not matter. */
export type ConversationFilter = {
  /** Only those of this agent. */
  readonly assigneeId?: InputMaybe<Scalars['ID']['input']>;
  /** Only those of this queue. */
  readonly queueId?: InputMaybe<Scalars['ID']['input']>;
  /** Only those in one of these states. */
  readonly status?: InputMaybe<ReadonlyArray<ConversationStatus>>;
  /** Only those that nobody has; `false` changes nothing. */
  readonly unassigned?: InputMaybe<Scalars['Boolean']['input']>;
  /**
   * Which apps; unless told, what `thirdPartyInbox` of the viewer says: `ALL` where it is
   * combined, `MAIN` where it is separate.
   */
  readonly view?: InputMaybe<ConversationView>;
};

/** Which conversation waits for a third party, and for what. */
export type ConversationHoldInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
  /** The conversation's version that the agent saw last: where others wrote since, it is refused. */
  readonly lastSeenVersion?: InputMaybe<Scalars['Long']['input']>;
  /** What it waits for, in 500 characters at most. */
  readonly reason: Scalars['String']['input'];
};

/** Which conversation is merged, and into which. */
export type ConversationMergeInput = {
  /** Which ends. */
  readonly conversationId: Scalars['ID']['input'];
  /** Which goes on for both. */
  readonly intoConversationId: Scalars['ID']['input'];
  /** The version of the other one that the agent saw last: where others wrote since, it is refused. */
  readonly intoLastSeenVersion?: InputMaybe<Scalars['Long']['input']>;
  /** The version of the one that ends that the agent saw last: where others wrote since, it is refused. */
  readonly lastSeenVersion?: InputMaybe<Scalars['Long']['input']>;
};

/** Which conversation gets which priority. */
export type ConversationPrioritySetInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
  /** From -5 to 10; 0 is ordinary. */
  readonly priority: Scalars['Int']['input'];
};

/** Which conversation is done. */
export type ConversationResolveInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
};

/** What became of it. */
export type ConversationResolveStatus =
  /** It was over already. */
  | 'ALREADY_RESOLVED'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** There is no such conversation. */
  | 'NOT_FOUND'
  /** Somebody else has it. */
  | 'NOT_YOURS'
  /** The episode is over. */
  | 'RESOLVED';

/** Which conversation the viewer has read. */
export type ConversationSeenInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
};

/** What became of it. */
export type ConversationSeenStatus =
  /** There is no such conversation. */
  | 'NOT_FOUND'
  /** The customer's app is not told such things. */
  | 'NOT_SHOWN'
  /** Somebody else has it, or nobody yet. */
  | 'NOT_YOURS'
  /** It is on its way to the customer's app. */
  | 'SHOWN';

/** Which conversation is put off, and until when. */
export type ConversationSnoozeInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
  /**
   * Whether its agent keeps the work meanwhile, with the units that it takes; else it sleeps in its
   * queue and is routed anew when it wakes.
   */
  readonly keep?: Scalars['Boolean']['input'];
  /** The conversation's version that the agent saw last: where others wrote since, it is refused. */
  readonly lastSeenVersion?: InputMaybe<Scalars['Long']['input']>;
  /** Until when, within a year. */
  readonly until: Scalars['DateTime']['input'];
};

/** To whom to write first. */
export type ConversationStartInput = {
  /** To whom. */
  readonly contactId: Scalars['ID']['input'];
  /** What to say: exactly one of its kinds. */
  readonly content: ReplyContent;
  /** By which inbox. */
  readonly inboxId: Scalars['ID']['input'];
};

/** What became of it. */
export type ConversationStartStatus =
  /** A conversation with the person is open in the inbox's queue. */
  | 'ALREADY_OPEN'
  /** The viewer has as much work as they may hold. */
  | 'AT_CAPACITY'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** There is no such contact or inbox, or the inbox is switched off. */
  | 'NOT_FOUND'
  /** The message may not be written: `refusal` and `instead` say why and what could be. */
  | 'REFUSED'
  /** It began, and the message is on its way. */
  | 'STARTED';

/** Where a conversation stands. */
export type ConversationStatus =
  /** Done for good. */
  | 'CLOSED'
  /** Nobody has answered this episode yet. */
  | 'NEW'
  /** A third party has to act before it can go on. */
  | 'ON_HOLD'
  /** An agent has it. */
  | 'OPEN'
  /** Done, until the customer writes again. */
  | 'RESOLVED'
  /** Put off until a moment, or until the customer writes. */
  | 'SNOOZED'
  /** The agent answered and waits for the customer. */
  | 'WAITING_FOR_CUSTOMER';

/** Which conversation, and which tags. */
export type ConversationTagInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
  /** The tags, 50 at most; the workspace offers those that are put on. */
  readonly tags: ReadonlyArray<Scalars['String']['input']>;
};

/** In which conversation the viewer is writing. */
export type ConversationTypingInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
};

/** What became of it. */
export type ConversationTypingStatus =
  /** There is no such conversation. */
  | 'NOT_FOUND'
  /** The customer's app is not told such things. */
  | 'NOT_SHOWN'
  /** Somebody else has it, or nobody yet. */
  | 'NOT_YOURS'
  /** The customer sees it, if they look. */
  | 'SHOWN';

/** Which conversation goes on. */
export type ConversationUnholdInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
};

/** Which conversation stands for itself again. */
export type ConversationUnmergeInput = {
  /** The one that was merged. */
  readonly conversationId: Scalars['ID']['input'];
};

/**
 * Which apps a list of conversations shows, by the one where the customer wrote last. It is a view:
 * a conversation is in the other one as soon as the customer goes on in the other kind of app.
 */
export type ConversationView =
  /** All. */
  | 'ALL'
  /** Chats, mailboxes and apps of the workspace's own. */
  | 'MAIN'
  /** Apps of other providers' messaging networks: `thirdParty` of their capabilities. */
  | 'THIRD_PARTY';

/** Which conversation wakes. */
export type ConversationWakeInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
};

/** Why an offer is refused. */
export type DeclineReason =
  /** The language is not spoken. */
  | 'LANGUAGE'
  /** Not able to do it. */
  | 'NOT_ABLE'
  /** Somebody else should have it. */
  | 'NOT_FOR_ME'
  /** No time now. */
  | 'NO_TIME'
  /** Something else. */
  | 'OTHER';

/** How far a message of ours got. */
export type DeliveryState =
  /** The customer's app has it. */
  | 'DELIVERED'
  /** It will not arrive; the reason says why. */
  | 'FAILED'
  /** Committed here; not tried yet, or waiting for the next try. */
  | 'QUEUED'
  /** The customer has seen it. */
  | 'READ'
  /** A try is under way. */
  | 'SENDING'
  /** The provider has it. */
  | 'SENT'
  /** A try ended without an answer: the provider may or may not have it. */
  | 'UNKNOWN';

/** Which way a message went. */
export type Direction =
  /** From the customer. */
  | 'IN'
  /** From us. */
  | 'OUT';

/** What the viewer began to write. */
export type DraftSaveInput = {
  /** In which conversation. */
  readonly conversationId: Scalars['ID']['input'];
  /**
   * The version of the draft that the writer had before them; where another device wrote since, it
   * is refused. Without it whatever is there is replaced.
   */
  readonly expectedVersion?: InputMaybe<Scalars['Long']['input']>;
  /** The words so far, in 20,000 characters at most. */
  readonly text: Scalars['String']['input'];
};

/** Why an agent could not have the work. */
export type ExclusionReason =
  /** They were an assistant, and all assistants were stopped. */
  | 'ASSISTANTS_STOPPED'
  /** They held as much as they may. */
  | 'AT_CAPACITY'
  /** They held as much as they may of that class of work. */
  | 'AT_CLASS_LIMIT'
  /** They held as much as they may by the queue. */
  | 'AT_QUEUE_LIMIT'
  /** They might be given no work. */
  | 'DISABLED'
  /** It was kept for somebody else for a while. */
  | 'KEPT_FOR'
  /** They do not answer in the language. */
  | 'LACKS_LANGUAGE'
  /** They do not have the skills. */
  | 'LACKS_SKILLS'
  /** They served none of the queues that were asked. */
  | 'NOT_MEMBER'
  /** They were not online. */
  | 'NOT_ONLINE'
  /** They had as many offers to answer as they may. */
  | 'OFFERS_OPEN'
  /** Their schedule did not have them at work. */
  | 'OFF_SCHEDULE'
  /** Members of their rank were not asked yet. */
  | 'RANK_NOT_ASKED'
  /** They refused this work, and are not asked again. */
  | 'REFUSED'
  /** They refused this work, or let its offer pass, a short while ago. */
  | 'RESTING'
  /** They were online, but nothing was heard from them for a while. */
  | 'UNREACHABLE'
  /** They finished the paperwork of what they had. */
  | 'WRAPPING_UP';

/** Why a message did not get out. */
export type FailureReason =
  /** Credentials or account are refused; an administrator has to act. */
  | 'ACCOUNT_REFUSED'
  /** The provider has it and holds it back for now; it goes out later or fails. */
  | 'HELD_BY_PROVIDER'
  /** The customer blocked us, opted out or never opted in. */
  | 'NOT_OPTED_IN'
  /** No answer came: the provider may or may not have it. */
  | 'NO_ANSWER'
  /** Everything else. */
  | 'OTHER'
  /** The provider is unwell; it is tried again. */
  | 'PROVIDER_UNAVAILABLE'
  /** Too much at once; it is tried again. */
  | 'RATE_LIMITED'
  /** The provider does not know the recipient. */
  | 'RECIPIENT_UNKNOWN'
  /** The provider refuses the content. */
  | 'REFUSED_CONTENT'
  /** The channel cannot carry this content. */
  | 'UNSUPPORTED_CONTENT'
  /** The reply window is closed; a template may go. */
  | 'WINDOW_CLOSED';

/** Words with a button that opens a form which the provider keeps. */
export type FormRequestInput = {
  /** What that screen is given, as the text of a JSON object. */
  readonly data?: InputMaybe<Scalars['String']['input']>;
  /** Small words below. */
  readonly footer?: InputMaybe<Scalars['String']['input']>;
  /** The form's id with the provider. */
  readonly form: Scalars['String']['input'];
  /** A heading. */
  readonly header?: InputMaybe<Scalars['String']['input']>;
  /** The screen to begin with; the form's first where none is given. */
  readonly screen?: InputMaybe<Scalars['String']['input']>;
  /** The words. */
  readonly text: Scalars['String']['input'];
  /** The words on the button. */
  readonly title: Scalars['String']['input'];
  /**
   * What comes back with the answers, to know what they answer; the message's id where none is
   * given.
   */
  readonly token?: InputMaybe<Scalars['String']['input']>;
};

/** What somebody may do in a group. */
export type GroupRole =
  /** Look after it. */
  | 'ADMIN'
  /** Write. */
  | 'MEMBER'
  /** Decide about it. */
  | 'OWNER';

/** Which role a group gives. */
export type GroupRuleInput = {
  /** What the provider calls the group. */
  readonly group: Scalars['String']['input'];
  /** Which role its people get. */
  readonly role: Role;
  /** Which role of the workspace's own, where `role` is `CUSTOM`. */
  readonly roleId?: InputMaybe<Scalars['ID']['input']>;
};

/** How somebody stands to a group. */
export type GroupStanding =
  /** They ask to come in. */
  | 'ASKING'
  /** They were asked in. */
  | 'INVITED'
  /** They are in. */
  | 'JOINED'
  /** They went, or no longer want to come. */
  | 'LEFT'
  /** They were sent away. */
  | 'REMOVED';

/** A calendar whose holidays are added to a schedule. */
export type HolidaysImportInput = {
  /** Whether the new version is put in force too. */
  readonly activate?: Scalars['Boolean']['input'];
  /** The calendar, as an iCalendar text (RFC 5545). */
  readonly calendar: Scalars['String']['input'];
  /** The newest version that the viewer knows of; if another one is the newest by now, it is refused. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** The first year; the present one without it. */
  readonly fromYear?: InputMaybe<Scalars['Int']['input']>;
  /** Which schedule. */
  readonly scheduleId: Scalars['ID']['input'];
  /** The last year; five years ahead without it. */
  readonly untilYear?: InputMaybe<Scalars['Int']['input']>;
};

/** A provider that is taken away. */
export type IdentityProviderRetireInput = {
  /** Which. */
  readonly identityProviderId: Scalars['ID']['input'];
};

/** An identity provider as it is to be. */
export type IdentityProviderSetInput = {
  /** What the provider calls this desk. */
  readonly clientId?: InputMaybe<Scalars['String']['input']>;
  /** What proves this desk to the provider; null for a public client. */
  readonly clientSecret?: InputMaybe<Scalars['String']['input']>;
  /** Whether somebody new becomes an agent by signing in. */
  readonly createsAgents?: InputMaybe<Scalars['Boolean']['input']>;
  /** The role of who is in none of these groups; null where they are not let in. */
  readonly fallbackRole?: InputMaybe<Role>;
  /** Which role of the workspace's own, where `fallbackRole` is `CUSTOM`. */
  readonly fallbackRoleId?: InputMaybe<Scalars['ID']['input']>;
  /**
   * Which group gives which role; the first that fits counts, at each sign-in. Without any, roles stay
   * as they are given here.
   */
  readonly groupRoles?: InputMaybe<ReadonlyArray<GroupRuleInput>>;
  /**
   * Which claim names groups; `groups` unless told. A dot leads into an object, as in
   * `realm_access.roles`.
   */
  readonly groupsClaim?: InputMaybe<Scalars['String']['input']>;
  /** Which one changes; a new one without it. */
  readonly identityProviderId?: InputMaybe<Scalars['ID']['input']>;
  /**
   * The issuer's URL, as its tokens write it. It has to answer under
   * `/.well-known/openid-configuration`.
   */
  readonly issuer?: InputMaybe<Scalars['String']['input']>;
  /** What stands on the button. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** The pages that the provider may send people back to, letter by letter. */
  readonly redirectUrls?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** What is asked for beside `openid`; `email` and `profile` unless told. */
  readonly scopes?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /**
   * Whether an address counts as verified of which the provider does not say so. Only where nobody
   * but the workspace gives out addresses there.
   */
  readonly trustsEmail?: InputMaybe<Scalars['Boolean']['input']>;
};

/** What an inbox keeps. */
export type InboxFilesSetInput = {
  /** Which. */
  readonly inboxId: Scalars['ID']['input'];
  /** The largest file in bytes; null for what the settings say. */
  readonly maxBytes?: InputMaybe<Scalars['Long']['input']>;
  /**
   * The types that are kept and no others, such as `image/png`, or `image/*` for a family; null for
   * all but those that the settings refuse.
   */
  readonly types?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
};

/** How well an inbox is. */
export type InboxState =
  /** Messages do not go, or do not come. */
  | 'BLOCKED'
  /** Messages go, yet somebody should look. */
  | 'DEGRADED'
  /** Nothing is wrong. */
  | 'HEALTHY';

/** What a limit makes of work. */
export type LimitOutcome =
  /** It ended with an answer. */
  | 'ANSWER'
  /** It is a call from then on, and waits. */
  | 'CALL_BACK'
  /** It ended, and the episode with it. */
  | 'REFUSE';

/** A button that opens an address. */
export type LinkButtonInput = {
  /** The words on it. */
  readonly title: Scalars['String']['input'];
  /** The address: `https` or `http`. */
  readonly url: Scalars['String']['input'];
};

/** Words with a button that opens an address. */
export type LinkInput = {
  /** Small words below. */
  readonly footer?: InputMaybe<Scalars['String']['input']>;
  /** A heading; instead of a file. */
  readonly header?: InputMaybe<Scalars['String']['input']>;
  /** A picture, film or document above the words; instead of a heading. Its caption is not shown. */
  readonly media?: InputMaybe<MediaInput>;
  /** The words. */
  readonly text: Scalars['String']['input'];
  /** The words on the button. */
  readonly title: Scalars['String']['input'];
  /** The address: `https` or `http`. */
  readonly url: Scalars['String']['input'];
};

/** A place on earth (WGS 84). */
export type LocationInput = {
  /** The postal address. */
  readonly address?: InputMaybe<Scalars['String']['input']>;
  /** Degrees north, −90 to 90. */
  readonly latitude: Scalars['Float']['input'];
  /** Degrees east, −180 to 180. */
  readonly longitude: Scalars['Float']['input'];
  /** The name of the place. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
};

/** What becomes of a text that is too long. */
export type LongText =
  /** It is refused. */
  | 'REFUSE'
  /** It goes as several messages. */
  | 'SPLIT';

/** A file by its link. */
export type MediaInput = {
  /** Words under it. */
  readonly caption?: InputMaybe<Scalars['String']['input']>;
  /** The name to show. */
  readonly fileName?: InputMaybe<Scalars['String']['input']>;
  /** What to show it as. */
  readonly kind: MediaKind;
  /** The media type. */
  readonly mimeType?: InputMaybe<Scalars['String']['input']>;
  /** Where the provider fetches it: an `https` link. */
  readonly url: Scalars['String']['input'];
};

/** What an app shows a file as. */
export type MediaKind =
  /** A silent loop. */
  | 'ANIMATION'
  /** Sound. */
  | 'AUDIO'
  /** Any other file. */
  | 'DOCUMENT'
  /** A still picture. */
  | 'IMAGE'
  /** A sticker. */
  | 'STICKER'
  /** A film. */
  | 'VIDEO'
  /** A spoken note. */
  | 'VOICE';

/** What a change does. */
export type MessageChangeKind =
  /** Takes the message back. */
  | 'DELETE'
  /** Puts other words in the place. */
  | 'EDIT'
  /** Sets our reaction, or withdraws it. */
  | 'REACTION';

/** What became of it. */
export type MessageChangeStatus =
  /** It was taken back, or its time is over. */
  | 'GONE'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** There is no such message. */
  | 'NOT_FOUND'
  /** The customer does not let us write. */
  | 'NOT_OPTED_IN'
  /** It is the customer's, or was written in the provider's own app. */
  | 'NOT_OURS'
  /** It has not left yet, or did not get there. */
  | 'NOT_SENT'
  /** The conversation is not the viewer's. */
  | 'NOT_YOURS'
  /** It is stored and on its way; its `delivery` tells how far it got. */
  | 'QUEUED'
  /** The app allowed it for a while. */
  | 'TOO_LATE'
  /** The app does not allow it. */
  | 'UNSUPPORTED'
  /** The reply window is closed. */
  | 'WINDOW_CLOSED';

/** Which message. */
export type MessageDeleteInput = {
  /** Which message. */
  readonly messageId: Scalars['ID']['input'];
};

/** Which message, and its words. */
export type MessageEditInput = {
  /** Which message. */
  readonly messageId: Scalars['ID']['input'];
  /** What it says from then on. */
  readonly text: Scalars['String']['input'];
};

/** What to say, and where. */
export type MessageReplyInput = {
  /** Files that were uploaded to `/files`, or files of messages: they go with words alone. */
  readonly attachments?: ReadonlyArray<Scalars['ID']['input']>;
  /** What to say: exactly one of its kinds. May be left out where files say it all. */
  readonly content?: InputMaybe<ReplyContent>;
  /** In which conversation. */
  readonly conversationId: Scalars['ID']['input'];
  /**
   * After how many seconds it is gone from the customer's app and from here; only where
   * `capabilities` have `expiry`.
   */
  readonly expiresInSeconds?: InputMaybe<Scalars['Int']['input']>;
  /**
   * The conversation's version that the agent saw last: where the customer or a colleague wrote
   * since, or the customer changed their words, the reply is refused. The agent's own newer
   * messages are no reason, nor are receipts and other changes without words.
   */
  readonly lastSeenVersion?: InputMaybe<Scalars['Long']['input']>;
  /**
   * The message that it answers. An app knows its own messages alone: in another one than that
   * message's the reply goes without.
   */
  readonly replyTo?: InputMaybe<Scalars['ID']['input']>;
  /**
   * The epoch of the right to speak under which the words were made; an assistant has to name it,
   * so that it says nothing more once a person took over.
   */
  readonly speakerEpoch?: InputMaybe<Scalars['Long']['input']>;
  /** By which app of the person, instead of the one that the conversation's `replyRoute` tells. */
  readonly to?: InputMaybe<ReplyTargetInput>;
};

/** What became of a reply. */
export type MessageReplyStatus =
  /** The viewer is an assistant, and all assistants are stopped. */
  | 'ASSISTANTS_STOPPED'
  /** The conversation is resolved. */
  | 'CONVERSATION_RESOLVED'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** There is no such conversation, message to answer, inbox or file to send. */
  | 'NOT_FOUND'
  /** The customer does not let us write. */
  | 'NOT_OPTED_IN'
  /** Somebody else has the right to speak, or the epoch that was named is over. */
  | 'NOT_SPEAKER'
  /** The conversation is not the viewer's: accept its offer first. */
  | 'NOT_YOURS'
  /** It is stored and on its way. */
  | 'QUEUED'
  /** The workspace's agents sent as many messages as they may in a day. */
  | 'QUOTA_EXCEEDED'
  /** There is no address of the customer that the app could write to. */
  | 'RECIPIENT_UNKNOWN'
  /** Others wrote since the agent last looked. */
  | 'STALE_CONTEXT'
  /**
   * The provider has no such template, does not let it leave, or it is not filled as it wants;
   * `templates` of the inbox tells what there is.
   */
  | 'TEMPLATE_REFUSED'
  /** The channel cannot carry this. */
  | 'UNSUPPORTED_CONTENT'
  /** The channel's reply window is closed. */
  | 'WINDOW_CLOSED';

/** An amount of money. */
export type MoneyInput = {
  /** The currency (ISO 4217). */
  readonly currency: Scalars['String']['input'];
  /** The words where it cannot be formatted. */
  readonly text: Scalars['String']['input'];
  /** Thousandths of the currency's unit. */
  readonly thousandths: Scalars['Long']['input'];
};

/** Who says that a name is somebody's. */
export type NameSource =
  /** One of us has them under it in the provider's own app. */
  | 'ADDRESS_BOOK'
  /** An agent gave it. */
  | 'AGENT'
  /** There is no name. */
  | 'NONE'
  /** They call themselves so. */
  | 'SELF_ASSERTED'
  /** Somebody proved it. */
  | 'VERIFIED';

/** Which note is taken back. */
export type NoteDeleteInput = {
  /** Which. */
  readonly noteId: Scalars['ID']['input'];
};

/** A note for colleagues. */
export type NoteWriteInput = {
  /** In which conversation. */
  readonly conversationId: Scalars['ID']['input'];
  /** The agents who are called in, 50 at most. */
  readonly mentionIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** The words, in 20,000 characters at most. */
  readonly text: Scalars['String']['input'];
};

/** What somebody is told about. */
export type NotificationKind =
  /** A colleague called them in by a note. */
  | 'MENTION'
  /** The target of a clock was used up. */
  | 'SLA_BREACH'
  /** A step at or after that came. */
  | 'SLA_STEP'
  /** The deadline of a clock is near. */
  | 'SLA_WARNING';

/** Which notifications were read. */
export type NotificationsReadInput = {
  /** Which; all of the viewer's without it. */
  readonly notificationId?: InputMaybe<Scalars['ID']['input']>;
};

/** What became of it. */
export type NotificationsReadStatus =
  /** There is no such notification for the viewer. */
  | 'NOT_FOUND'
  /** They are read now. */
  | 'READ'
  /** They were read before, or there are none. */
  | 'UNCHANGED';

/** Which offer to take. */
export type OfferAcceptInput = {
  /** Which. */
  readonly offerId: Scalars['ID']['input'];
};

/** What became of taking an offer. */
export type OfferAcceptStatus =
  /** The conversation is the viewer's. */
  | 'ACCEPTED'
  /** The viewer took it before. */
  | 'ALREADY_ACCEPTED'
  /** The viewer is an assistant, and all assistants are stopped. */
  | 'ASSISTANTS_STOPPED'
  /** The viewer refused it before. */
  | 'DECLINED'
  /** The deadline passed. */
  | 'EXPIRED'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** There is no such offer to the viewer. */
  | 'NOT_FOUND'
  /** It was taken back. */
  | 'RESCINDED';

/** Which offer to refuse, and why. */
export type OfferDeclineInput = {
  /** What else there is to say about it; the first 500 characters are kept. */
  readonly note?: InputMaybe<Scalars['String']['input']>;
  /** Which. */
  readonly offerId: Scalars['ID']['input'];
  /** Why. */
  readonly reason?: InputMaybe<DeclineReason>;
};

/** What became of refusing an offer. */
export type OfferDeclineStatus =
  /** The viewer took it before. */
  | 'ACCEPTED'
  /** The viewer refused it before. */
  | 'ALREADY_DECLINED'
  /** The work waits again. */
  | 'DECLINED'
  /** The deadline passed. */
  | 'EXPIRED'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** There is no such offer to the viewer. */
  | 'NOT_FOUND'
  /** It was taken back. */
  | 'RESCINDED';

/** Where an offer stands. */
export type OfferState =
  /** The agent took it. */
  | 'ACCEPTED'
  /** The agent refused it. */
  | 'DECLINED'
  /** The deadline passed. */
  | 'EXPIRED'
  /** Waits for the agent until its deadline. */
  | 'PENDING'
  /** Taken back. */
  | 'RESCINDED';

/** What a pace is kept by. */
export type PaceOf =
  /** Everything that leaves through one account. */
  | 'ACCOUNT'
  /** What goes to one group. */
  | 'GROUP'
  /** What goes to one customer, outside groups. */
  | 'PERSON';

/** Both passwords. */
export type PasswordChangeInput = {
  /** The one before. */
  readonly currentPassword: Scalars['String']['input'];
  /** The one from now on, of at least 12 characters. */
  readonly newPassword: Scalars['String']['input'];
};

/** What became of another password. */
export type PasswordChangeStatus =
  /** It holds from now on. */
  | 'CHANGED'
  /** It is too short or too long. */
  | 'INVALID'
  /** The one before is another, or was given wrongly too often. */
  | 'REFUSED';

/** A password and the leave to choose it. */
export type PasswordResetInput = {
  /** The password from now on, of at least 12 characters. */
  readonly newPassword: Scalars['String']['input'];
  /** The token of the mail, or of whoever runs the installation. */
  readonly token: Scalars['String']['input'];
};

/** Whose password is to be chosen anew. */
export type PasswordResetRequestInput = {
  /** The name at sign-in. */
  readonly email: Scalars['String']['input'];
  /** The short name of the workspace. */
  readonly workspace: Scalars['String']['input'];
};

/** What became of asking for a mail. */
export type PasswordResetRequestStatus =
  /** A mail comes, if there is such an account with a password. */
  | 'ASKED'
  /** It was asked for too often; wait a minute. */
  | 'THROTTLED';

/** What became of choosing a password. */
export type PasswordResetStatus =
  /** It holds from now on. */
  | 'CHANGED'
  /** The password is too short or too long. */
  | 'INVALID'
  /** The token is not good, or not any more. */
  | 'REFUSED';

/** Something that a role may allow. */
export type Permission =
  /** To change skills, languages, presence and time off of people in one's own teams. */
  | 'AGENTS_LEAD'
  /** To add, change and disable agents, and to give them roles that allow no more than one's own. */
  | 'AGENTS_MANAGE'
  /** To see who is there. */
  | 'AGENTS_READ'
  /** To make API keys that allow no more than one's own role. */
  | 'API_KEYS_CREATE'
  /** To see and revoke the API keys of everybody. */
  | 'API_KEYS_MANAGE'
  /** To read the audit log. */
  | 'AUDIT_READ'
  /** To see contacts with their addresses. */
  | 'CONTACTS_READ'
  /** To change what is known of contacts: names, attributes, links, consent. */
  | 'CONTACTS_WRITE'
  /** To get work, answer it and end it. */
  | 'CONVERSATIONS_ANSWER'
  /** To see conversations and what hangs on them, as far as the role's visibility reaches. */
  | 'CONVERSATIONS_READ'
  /** To act on what colleagues have, to take work of any queue, to stop all assistants. */
  | 'CONVERSATIONS_STEER'
  /** To follow what happens. */
  | 'EVENTS_READ'
  /** To read reports of service levels, and why routing and clocks decided as they did. */
  | 'REPORTS_READ'
  /** To make and change roles that allow no more than one's own. */
  | 'ROLES_MANAGE'
  /** To ask for the schema. */
  | 'SCHEMA_READ'
  /** To end the sessions of others, and to take a lost second factor from them. */
  | 'SESSIONS_MANAGE'
  /** To say how people sign in: identity providers, whether a second factor is asked for. */
  | 'SIGN_IN_CONFIGURE'
  /** To manage the tags of the workspace. */
  | 'TAGS_MANAGE'
  /** To share saved views with others. */
  | 'VIEWS_SHARE'
  /** To change how the workspace is set up. */
  | 'WORKSPACE_CONFIGURE'
  /** To see how the workspace is set up: teams, queues, inboxes, schedules, policies. */
  | 'WORKSPACE_READ';

/** A version that is put in force. */
export type PolicyActivateInput = {
  /** From when on; now without it. Schedules alone may be corrected for the past. */
  readonly effectiveFrom?: InputMaybe<Scalars['DateTime']['input']>;
  /** The newest version that the viewer knows of; if another one is the newest by now, it is refused. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** What it decides. */
  readonly kind: PolicyKind;
  /** The schedule or the queue that it is about. */
  readonly subjectId?: InputMaybe<Scalars['ID']['input']>;
  /** Which version. */
  readonly version: Scalars['Int']['input'];
};

/** What a policy decides. */
export type PolicyKind =
  /** What becomes of work whose owner is away, where the queue does not say. */
  | 'ABSENCE'
  /** How work of different classes is weighed. */
  | 'ORDER'
  /** How a queue is served. */
  | 'QUEUE'
  /** Where new work goes. */
  | 'RULES'
  /** When something is open. */
  | 'SCHEDULE'
  /** What is promised. */
  | 'SLA';

/** A version to go back to. */
export type PolicyRollBackInput = {
  /** The newest version that the viewer knows of; if another one is the newest by now, it is refused. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** What it decides. */
  readonly kind: PolicyKind;
  /** Why; it is kept with the new version. */
  readonly note?: InputMaybe<Scalars['String']['input']>;
  /** The schedule or the queue that it is about. */
  readonly subjectId?: InputMaybe<Scalars['ID']['input']>;
  /** Which version. */
  readonly version: Scalars['Int']['input'];
};

/** A version to be saved. */
export type PolicySaveInput = {
  /** Whether it is put in force too. */
  readonly activate?: Scalars['Boolean']['input'];
  /** What it says, in the form of its kind. */
  readonly body: Scalars['JSON']['input'];
  /** From when on, where it is put in force; now without it. */
  readonly effectiveFrom?: InputMaybe<Scalars['DateTime']['input']>;
  /**
   * The newest version that this one builds on, 0 for none; if another one is the newest by now,
   * it is refused.
   */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** What it decides. */
  readonly kind: PolicyKind;
  /** What people call the policy; without it as it is called. A new schedule needs a name. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** Why; it is kept with the version. */
  readonly note: Scalars['String']['input'];
  /** The schedule or the queue that it is about; a schedule without an id is a new one. */
  readonly subjectId?: InputMaybe<Scalars['ID']['input']>;
};

/** A version that a share of the work follows. */
export type PolicyStageInput = {
  /** The newest version that the viewer knows of; if another one is the newest by now, it is refused. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** What it decides: how a queue is served, or where work goes. */
  readonly kind: PolicyKind;
  /** How large the share is, in thousandths. */
  readonly permille: Scalars['Int']['input'];
  /** The queue that it is about. */
  readonly subjectId?: InputMaybe<Scalars['ID']['input']>;
  /** Which version. */
  readonly version: Scalars['Int']['input'];
};

/** What became of a change of a policy. */
export type PolicyStatus =
  /** It is so now. */
  | 'CHANGED'
  /** It cannot be so; `faults` say why. */
  | 'INVALID'
  /** Something uses the schedule. */
  | 'IN_USE'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** Another schedule has the name. */
  | 'NAME_TAKEN'
  /** The viewer does not configure the workspace. */
  | 'NOT_ALLOWED'
  /** There is no such policy, version, schedule or queue. */
  | 'NOT_FOUND'
  /** Somebody else saved a version meanwhile. */
  | 'STALE'
  /** It was so already. */
  | 'UNCHANGED'
  /** The version was put in force before; `policyRollBack` goes back to it. */
  | 'WAS_ACTIVE';

/** A policy. */
export type PolicyTargetInput = {
  /** The newest version that the viewer knows of; if another one is the newest by now, it is refused. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** What it decides. */
  readonly kind: PolicyKind;
  /** The schedule or the queue that it is about. */
  readonly subjectId?: InputMaybe<Scalars['ID']['input']>;
};

/** What an agent chose to be. */
export type Presence =
  /** Keeps the work at hand, takes no more. */
  | 'AWAY'
  /** At work, takes nothing new. */
  | 'BUSY'
  /** Not working. */
  | 'OFFLINE'
  /** Takes new work. */
  | 'ONLINE';

/** A word that is not offered any more. */
export type PresenceReasonRetireInput = {
  /** Which. */
  readonly reasonId: Scalars['ID']['input'];
};

/** A word and what it stands for. */
export type PresenceReasonSetInput = {
  /** The word. */
  readonly name: Scalars['String']['input'];
  /** What it stands for. */
  readonly presence: Presence;
};

/** What the viewer is. */
export type PresenceSetInput = {
  /** What the viewer is; left out where a reason says it. */
  readonly presence?: InputMaybe<Presence>;
  /** A word of the workspace's own, which stands for one of these. */
  readonly reasonId?: InputMaybe<Scalars['ID']['input']>;
};

/** What became of it. */
export type PresenceSetStatus =
  /** The viewer is that now. */
  | 'CHANGED'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** The workspace has no such word. */
  | 'NOT_FOUND'
  /** The viewer was that already. */
  | 'UNCHANGED';

/** Where somebody wants to sign in. */
export type ProviderSignInBeginInput = {
  /** Whom the provider may expect, such as an e-mail address. */
  readonly loginHint?: InputMaybe<Scalars['String']['input']>;
  /** At which provider; see `signInProviders`. */
  readonly providerId: Scalars['ID']['input'];
  /** The page that the provider sends them back to, one of the provider's `redirectUrls`. */
  readonly redirectUrl: Scalars['String']['input'];
  /** The short name of the workspace. */
  readonly workspace: Scalars['String']['input'];
};

/** What became of beginning. */
export type ProviderSignInBeginStatus =
  /** Send the person there. */
  | 'BEGUN'
  /** The page is none of the provider's `redirectUrls`. */
  | 'INVALID'
  /** There is no such workspace or provider. */
  | 'NOT_FOUND'
  /** Too many were begun; wait a minute. */
  | 'THROTTLED'
  /** The provider does not answer. */
  | 'UNAVAILABLE';

/** What came back in the page's address, and what the page kept. */
export type ProviderSignInFinishInput = {
  /** The address's `code`. */
  readonly code: Scalars['String']['input'];
  /** What the device is called, for the list of sessions. */
  readonly device?: Scalars['String']['input'];
  /** The address's `iss`, where it has one (RFC 9207). */
  readonly issuer?: InputMaybe<Scalars['String']['input']>;
  /** The address's `state`. */
  readonly state: Scalars['String']['input'];
  /** What the page kept. */
  readonly verifier: Scalars['String']['input'];
};

/** What became of signing in at a provider. */
export type ProviderSignInFinishStatus =
  /** No sign-in waits for this answer, not any more, or another page began it. */
  | 'EXPIRED'
  /** The provider knows the person, and they are nobody here. */
  | 'NOT_ADMITTED'
  /** What the provider says is not believed, or it refuses the code. */
  | 'REFUSED'
  /** The token is yours. */
  | 'SIGNED_IN'
  /** The provider does not answer. */
  | 'UNAVAILABLE';

/** A new queue. */
export type QueueCreateInput = {
  /** What it is called. */
  readonly name: Scalars['String']['input'];
  /** How long an offer waits where the queue's policy does not say; 30 seconds without it. */
  readonly offerSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** When it is open; null for always. */
  readonly scheduleId?: InputMaybe<Scalars['ID']['input']>;
};

/** A team that serves a queue no more. */
export type QueueTeamRemoveInput = {
  /** Which queue. */
  readonly queueId: Scalars['ID']['input'];
  /** Which team. */
  readonly teamId: Scalars['ID']['input'];
};

/** A team that serves a queue. */
export type QueueTeamSetInput = {
  /** How many units each member may hold by this queue; null for no limit. */
  readonly most?: InputMaybe<Scalars['Int']['input']>;
  /** Which queue. */
  readonly queueId: Scalars['ID']['input'];
  /** Which line of the queue it is, from 0 to 9: lower is asked first. */
  readonly rank?: Scalars['Int']['input'];
  /** Which team. */
  readonly teamId: Scalars['ID']['input'];
};

/** What changes about a queue. */
export type QueueUpdateInput = {
  /** What it is called. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** How long an offer waits where the queue's policy does not say, in seconds. */
  readonly offerSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Which. */
  readonly queueId: Scalars['ID']['input'];
  /** When it is open; null for always. */
  readonly scheduleId?: InputMaybe<Scalars['ID']['input']>;
};

/** Which message, and the emoji. */
export type ReactionSetInput = {
  /** The emoji; null withdraws ours. */
  readonly emoji?: InputMaybe<Scalars['String']['input']>;
  /** Which message. */
  readonly messageId: Scalars['ID']['input'];
};

/** A way that would work. */
export type ReplyAlternativeKind =
  /** Nothing of ours: the customer has to opt in again. */
  | 'OPT_IN'
  /** The same by another app of the person. */
  | 'OTHER_APP'
  /** Content of another kind or length, in the same conversation. */
  | 'OTHER_CONTENT'
  /** A message that the provider keeps approved, in the same conversation. */
  | 'TEMPLATE'
  /** Nothing of ours: the customer has to write. */
  | 'WAIT';

/** What to say: exactly one of these. */
export type ReplyContent =
  /** Words with a button by which the customer calls us. */
  { readonly callInvitation: CallInvitationInput; readonly callPermissionRequest?: never; readonly carousel?: never; readonly choices?: never; readonly contactRequest?: never; readonly formRequest?: never; readonly link?: never; readonly location?: never; readonly locationRequest?: never; readonly media?: never; readonly template?: never; readonly text?: never; }
  |  /** Asks the customer whether we may call them; the answer is a `FormContent`. */
  { readonly callInvitation?: never; readonly callPermissionRequest: RequestInput; readonly carousel?: never; readonly choices?: never; readonly contactRequest?: never; readonly formRequest?: never; readonly link?: never; readonly location?: never; readonly locationRequest?: never; readonly media?: never; readonly template?: never; readonly text?: never; }
  |  /** Words with cards to leaf through. */
  { readonly callInvitation?: never; readonly callPermissionRequest?: never; readonly carousel: CarouselInput; readonly choices?: never; readonly contactRequest?: never; readonly formRequest?: never; readonly link?: never; readonly location?: never; readonly locationRequest?: never; readonly media?: never; readonly template?: never; readonly text?: never; }
  |  /** Words with choices to pick from, as buttons or a list; the customer's answer names the choice. */
  { readonly callInvitation?: never; readonly callPermissionRequest?: never; readonly carousel?: never; readonly choices: ChoicesInput; readonly contactRequest?: never; readonly formRequest?: never; readonly link?: never; readonly location?: never; readonly locationRequest?: never; readonly media?: never; readonly template?: never; readonly text?: never; }
  |  /**
   * Asks the customer for their own contact card; the answer is a `ContactsContent` whose card is
   * `own`.
   */
  { readonly callInvitation?: never; readonly callPermissionRequest?: never; readonly carousel?: never; readonly choices?: never; readonly contactRequest: RequestInput; readonly formRequest?: never; readonly link?: never; readonly location?: never; readonly locationRequest?: never; readonly media?: never; readonly template?: never; readonly text?: never; }
  |  /**
   * Words with a button that opens a form which the provider keeps; the answers are a
   * `FormContent`.
   */
  { readonly callInvitation?: never; readonly callPermissionRequest?: never; readonly carousel?: never; readonly choices?: never; readonly contactRequest?: never; readonly formRequest: FormRequestInput; readonly link?: never; readonly location?: never; readonly locationRequest?: never; readonly media?: never; readonly template?: never; readonly text?: never; }
  |  /** Words with a button that opens an address. */
  { readonly callInvitation?: never; readonly callPermissionRequest?: never; readonly carousel?: never; readonly choices?: never; readonly contactRequest?: never; readonly formRequest?: never; readonly link: LinkInput; readonly location?: never; readonly locationRequest?: never; readonly media?: never; readonly template?: never; readonly text?: never; }
  |  /** A place on earth. */
  { readonly callInvitation?: never; readonly callPermissionRequest?: never; readonly carousel?: never; readonly choices?: never; readonly contactRequest?: never; readonly formRequest?: never; readonly link?: never; readonly location: LocationInput; readonly locationRequest?: never; readonly media?: never; readonly template?: never; readonly text?: never; }
  |  /** Asks the customer where they are; the answer is a `LocationContent`. */
  { readonly callInvitation?: never; readonly callPermissionRequest?: never; readonly carousel?: never; readonly choices?: never; readonly contactRequest?: never; readonly formRequest?: never; readonly link?: never; readonly location?: never; readonly locationRequest: RequestInput; readonly media?: never; readonly template?: never; readonly text?: never; }
  |  /** A file by its link. */
  { readonly callInvitation?: never; readonly callPermissionRequest?: never; readonly carousel?: never; readonly choices?: never; readonly contactRequest?: never; readonly formRequest?: never; readonly link?: never; readonly location?: never; readonly locationRequest?: never; readonly media: MediaInput; readonly template?: never; readonly text?: never; }
  |  /** A message that the provider keeps approved. */
  { readonly callInvitation?: never; readonly callPermissionRequest?: never; readonly carousel?: never; readonly choices?: never; readonly contactRequest?: never; readonly formRequest?: never; readonly link?: never; readonly location?: never; readonly locationRequest?: never; readonly media?: never; readonly template: TemplateInput; readonly text?: never; }
  |  /** Words. */
  { readonly callInvitation?: never; readonly callPermissionRequest?: never; readonly carousel?: never; readonly choices?: never; readonly contactRequest?: never; readonly formRequest?: never; readonly link?: never; readonly location?: never; readonly locationRequest?: never; readonly media?: never; readonly template?: never; readonly text: Scalars['String']['input']; };

/** Why a reply goes by an app. */
export type ReplyRouteReason =
  /** They have not written in this conversation: it is where we did. */
  | 'BEGUN_BY_US'
  /** It is a group's. */
  | 'GROUP'
  /** The customer wrote there last. */
  | 'LAST_USED'
  /** They wrote there before: what they used later does not let words through now. */
  | 'USED_BEFORE';

/**
 * Whether a reply may be written now. It is what a composer needs to know before the agent
 * types; a reply is checked again when it is sent.
 */
export type ReplyState =
  /** Anything may be written, at any time. */
  | 'ALWAYS'
  /** The customer opted out of this app; nothing may be sent before they opt in again. */
  | 'FORBIDDEN'
  /** Free words are over or never began; a template may be sent. */
  | 'TEMPLATE_ONLY'
  /** Anything may be written, until `canReplyUntil`. */
  | 'UNTIL_WINDOW_CLOSES'
  /** Nothing may be sent before the customer writes again. */
  | 'WAIT_FOR_CUSTOMER';

/** By which app of the person a reply is to go. */
export type ReplyTargetInput = {
  /** To which contact of the person; without it the one who used the inbox last. */
  readonly contactId?: InputMaybe<Scalars['ID']['input']>;
  /** By which inbox. */
  readonly inboxId: Scalars['ID']['input'];
};

/** Asks the customer to share something of theirs. */
export type RequestInput = {
  /** The words. */
  readonly text: Scalars['String']['input'];
  /** The words on the button, where the app leaves them to us. */
  readonly title?: InputMaybe<Scalars['String']['input']>;
};

/** What a customer can be asked for. */
export type RequestedKind =
  /** That we may call them: `FormContent` answers. */
  | 'CALL_PERMISSION'
  /** Their own contact card: `ContactsContent` answers. */
  | 'CONTACT'
  /** Where they are: `LocationContent` answers. */
  | 'LOCATION';

/** What an agent is. */
export type Role =
  /** May do everything. */
  | 'ADMIN'
  /** Answers what is offered. */
  | 'AGENT'
  /** Sees everything, changes nothing. */
  | 'AUDITOR'
  /** What a role of the workspace's own says. */
  | 'CUSTOM'
  /** Builds on the API: sees everything but the audit log, changes nothing but their own keys. */
  | 'DEVELOPER'
  /** Sees and steers the work of others too. */
  | 'SUPERVISOR';

/** A new role. */
export type RoleCreateInput = {
  /** What it is for. */
  readonly description?: Scalars['String']['input'];
  /** What it is called. */
  readonly name: Scalars['String']['input'];
  /** What it allows. */
  readonly permissions: ReadonlyArray<Permission>;
  /** Which conversations it shows. */
  readonly visibility: Visibility;
};

/** A role that is given up. */
export type RoleRetireInput = {
  /** Which. */
  readonly roleId: Scalars['ID']['input'];
};

/** What changes about a role. */
export type RoleUpdateInput = {
  /** What it is for. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /** What it is called. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** All that it allows. */
  readonly permissions?: InputMaybe<ReadonlyArray<Permission>>;
  /** Which. */
  readonly roleId: Scalars['ID']['input'];
  /** Which conversations it shows. */
  readonly visibility?: InputMaybe<Visibility>;
};

/** Where to look; what is left out does not matter. */
export type SearchFilter = {
  /** Only what was said in this conversation. */
  readonly conversationId?: InputMaybe<Scalars['ID']['input']>;
  /** Only what was said from this moment on. */
  readonly from?: InputMaybe<Scalars['DateTime']['input']>;
  /** What to look for; everything unless told. */
  readonly kinds?: InputMaybe<ReadonlyArray<SearchKind>>;
  /** Only what was said in conversations of this queue. */
  readonly queueId?: InputMaybe<Scalars['ID']['input']>;
  /** Only what was said before this moment. */
  readonly until?: InputMaybe<Scalars['DateTime']['input']>;
};

/** What to look for. */
export type SearchKind =
  /** Contacts by their names and addresses. */
  | 'CONTACT'
  /** Messages by their words. */
  | 'MESSAGE'
  /** Notes by their words. */
  | 'NOTE';

/** What proves the viewer. */
export type SecondFactorBeginInput = {
  /** Their password. */
  readonly password: Scalars['String']['input'];
};

/** What became of making a secret. */
export type SecondFactorBeginStatus =
  /** Sign-ins ask for codes already. */
  | 'ALREADY_ON'
  /** It waits for its first code. */
  | 'BEGUN'
  /** The password is another, or was given wrongly too often. */
  | 'REFUSED';

/** A code. */
export type SecondFactorConfirmInput = {
  /** What the authenticator shows. */
  readonly code: Scalars['String']['input'];
};

/** What became of confirming a secret. */
export type SecondFactorConfirmStatus =
  /** No secret waits for a code. */
  | 'NOT_BEGUN'
  /** Sign-ins ask for codes from now on. */
  | 'ON'
  /** It is not the code of this moment. */
  | 'REFUSED';

/** Whose second proof ends, and what proves the viewer. */
export type SecondFactorRemoveInput = {
  /** Of which other agent; the viewer's own without it. */
  readonly agentId?: InputMaybe<Scalars['ID']['input']>;
  /** A code of the viewer's authenticator or a recovery code; not needed with `agentId`. */
  readonly code?: InputMaybe<Scalars['String']['input']>;
  /** The viewer's password; not needed with `agentId`. */
  readonly password?: InputMaybe<Scalars['String']['input']>;
};

/** What became of ending a second proof. */
export type SecondFactorRemoveStatus =
  /** It is somebody else's, and the role does not allow it. */
  | 'NOT_ALLOWED'
  /** There is no such agent. */
  | 'NOT_FOUND'
  /** They asked for none. */
  | 'NOT_ON'
  /** Sign-ins ask for no code any more. */
  | 'OFF'
  /** Password and code do not prove it, or were given wrongly too often. */
  | 'REFUSED';

/** A group of choices. */
export type SectionInput = {
  /** The choices, in the order to show. */
  readonly choices: ReadonlyArray<ChoiceInput>;
  /** The words above it. */
  readonly title?: InputMaybe<Scalars['String']['input']>;
};

/** What keeps a session going. */
export type SessionRefreshInput = {
  /** The refresh token. */
  readonly refreshToken: Scalars['String']['input'];
};

/** What became of going on with a session. */
export type SessionRefreshStatus =
  /** The tokens are yours. */
  | 'REFRESHED'
  /** The session is over; sign in again. */
  | 'REFUSED';

/** What became of a change of how the workspace is set up. */
export type SetupStatus =
  /** It is so now. */
  | 'CHANGED'
  /** It cannot be so; `faults` say why. */
  | 'INVALID'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** Nobody would be left who configures the workspace. */
  | 'LAST_ADMIN'
  /** Another one has the name or the address. */
  | 'NAME_TAKEN'
  /** The role of the viewer does not allow it, or the agent is in none of their teams. */
  | 'NOT_ALLOWED'
  /** Something that is named does not exist. */
  | 'NOT_FOUND'
  /** The workspace has as many agents who may sign in as it may. */
  | 'QUOTA_EXCEEDED'
  /** It was so already. */
  | 'UNCHANGED';

/** Who wants in. */
export type SignInInput = {
  /** What the authenticator shows, or a recovery code; not needed where no second proof is on. */
  readonly code?: InputMaybe<Scalars['String']['input']>;
  /** What the device is called, for the list of sessions. */
  readonly device?: Scalars['String']['input'];
  /** The name at sign-in. */
  readonly email: Scalars['String']['input'];
  /** What proves it. */
  readonly password: Scalars['String']['input'];
  /** The short name of the workspace. */
  readonly workspace: Scalars['String']['input'];
};

/** What became of signing in. */
export type SignInStatus =
  /** The password is right; sign in again with `code` too. */
  | 'CODE_NEEDED'
  /** Workspace, name and password do not belong together. */
  | 'REFUSED'
  /** The token is yours. */
  | 'SIGNED_IN'
  /** Too many tries; wait a minute. */
  | 'THROTTLED';

/** Whose sessions end. */
export type SignOutEverywhereInput = {
  /** Whose; the viewer's without it. */
  readonly agentId?: InputMaybe<Scalars['ID']['input']>;
};

/** Which session ends. */
export type SignOutInput = {
  /** Which; that of the token that is sent without it. */
  readonly sessionId?: InputMaybe<Scalars['ID']['input']>;
};

/** What became of signing out. */
export type SignOutStatus =
  /** They are somebody else's, and the role does not allow it. */
  | 'NOT_ALLOWED'
  /** There is no such session or agent. */
  | 'NOT_FOUND'
  /** The sessions are over. */
  | 'SIGNED_OUT';

/** A clock of service levels. */
export type SlaClockKind =
  /** From the opening to the resolution, while it is with the agents. */
  | 'AGENT_WORK'
  /** From the opening to the first public reply of an agent. */
  | 'FIRST_REPLY'
  /** From the oldest unanswered customer message to the next public reply. */
  | 'NEXT_REPLY'
  /** From each public reply to the next, without the waits for the customer. */
  | 'PAUSABLE_UPDATE'
  /** From each public reply to the next, while unresolved. */
  | 'PERIODIC_UPDATE'
  /** From the queue to the agent who accepts. */
  | 'QUEUE_WAIT'
  /** From the opening to the resolution, without the waits for the customer. */
  | 'REQUESTER_WAIT'
  /** From an offer to its acceptance. */
  | 'TIME_TO_ACCEPT'
  /** From the opening to the resolution. */
  | 'TOTAL_RESOLUTION';

/** Which time counts. */
export type SlaHours =
  /** The open time of the schedule. */
  | 'BUSINESS'
  /** All time. */
  | 'CALENDAR';

/** What came of a promise. */
export type SlaOutcome =
  /** The time was used up first. */
  | 'BREACHED'
  /** What it waits for came in time. */
  | 'MET'
  /** Nothing was promised. */
  | 'NO_TARGET'
  /** Not decided yet. */
  | 'OPEN'
  /** It stopped before either. */
  | 'VOID';

/** What a report shows apart, beside the clocks. */
export type SlaReportBy =
  /** Each day. */
  | 'DAY'
  /** Each version of each policy. */
  | 'POLICY'
  /** Each priority. */
  | 'PRIORITY'
  /** Each queue. */
  | 'QUEUE'
  /** Each team. */
  | 'TEAM';

/** Which clocks a report is about; what is left out does not matter. */
export type SlaReportFilter = {
  /** Only these clocks. */
  readonly clocks?: InputMaybe<ReadonlyArray<SlaClockKind>>;
  /** Only under these policies. */
  readonly policyIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Only under this version of them. */
  readonly policyVersion?: InputMaybe<Scalars['Int']['input']>;
  /** Only with these priorities. */
  readonly priorities?: InputMaybe<ReadonlyArray<Scalars['Int']['input']>>;
  /** Only in these queues. */
  readonly queueIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
  /** Only with these teams. */
  readonly teamIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']>>;
};

/** A number of a line. */
export type SlaReportNumber =
  /** Those that run and are at risk. */
  | 'AT_RISK'
  /** Those that were too late. */
  | 'BREACHED'
  /** Those that ended. */
  | 'ENDED'
  /** Those for which came what they waited for. */
  | 'FULFILLED'
  /** Those that were met. */
  | 'MET'
  /** Those without a target. */
  | 'NO_TARGET'
  /** Those that run and have used up their target. */
  | 'OVERDUE'
  /** Those that run now. */
  | 'RUNNING'
  /** Those that stopped before they were decided. */
  | 'VOID';

/** Whether a clock counts, or why not. */
export type SlaState =
  /** The state of the conversation would count, but the team is closed. */
  | 'CLOSED'
  /** Time counts. */
  | 'COUNTING'
  /** What it waits for came. */
  | 'FULFILLED'
  /** The state of the conversation pauses it. */
  | 'PAUSED'
  /** It ended without that. */
  | 'STOPPED';

/** Why an interval counted, or did not. */
export type SlaWhy =
  /** The team is closed by its weekly hours. */
  | 'CLOSED'
  /** The state counts, and the team is open or all time counts. */
  | 'COUNTED'
  /** The team is closed for a holiday. */
  | 'HOLIDAY'
  /** The state of the conversation pauses the clock. */
  | 'PAUSED';

/** In which conversation the viewer does not want to speak any more. */
export type SpeakerGiveBackInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
};

/** In which conversation the viewer wants to speak. */
export type SpeakerTakeInput = {
  /** Which. */
  readonly conversationId: Scalars['ID']['input'];
};

/** Which tag is offered no more. */
export type TagRetireInput = {
  /** The word. */
  readonly name: Scalars['String']['input'];
};

/** A word by which agents mark conversations. */
export type TagSaveInput = {
  /** The colour to show it in, as `#rrggbb`. */
  readonly color?: InputMaybe<Scalars['String']['input']>;
  /** What it is for. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /** The word, in 50 characters at most. */
  readonly name: Scalars['String']['input'];
};

/** A new team. */
export type TeamCreateInput = {
  /** What it is called. */
  readonly name: Scalars['String']['input'];
  /** When it is open; null for always. */
  readonly scheduleId?: InputMaybe<Scalars['ID']['input']>;
};

/** An agent who leaves a team. */
export type TeamMemberRemoveInput = {
  /** Who. */
  readonly agentId: Scalars['ID']['input'];
  /** Which team. */
  readonly teamId: Scalars['ID']['input'];
};

/** An agent in a team. */
export type TeamMemberSetInput = {
  /** Who. */
  readonly agentId: Scalars['ID']['input'];
  /** Added to the rank of the team in a queue, from 0 to 9: lower is asked first. */
  readonly rank?: Scalars['Int']['input'];
  /** Which team. */
  readonly teamId: Scalars['ID']['input'];
};

/** What changes about a team. */
export type TeamUpdateInput = {
  /** What it is called. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** When it is open; null for always. */
  readonly scheduleId?: InputMaybe<Scalars['ID']['input']>;
  /** Which. */
  readonly teamId: Scalars['ID']['input'];
};

/** A message that the provider keeps approved. */
export type TemplateInput = {
  /** Its language, for example `en_US`. */
  readonly language: Scalars['String']['input'];
  /** Its name with the provider. */
  readonly name: Scalars['String']['input'];
  /** What fills the places of its body, in order. */
  readonly parameters?: ReadonlyArray<Scalars['String']['input']>;
  /**
   * What fills its other places, and those of its body where they have names or want more than
   * words.
   */
  readonly variables?: ReadonlyArray<TemplateVariableInput>;
};

/** A part of a template. */
export type TemplatePlace =
  /** The words. */
  | 'BODY'
  /** A button. */
  | 'BUTTON'
  /** Above the words. */
  | 'HEADER';

/** What to put into a place: exactly one of these. */
export type TemplateValueInput =
  /** A code that a button copies. */
  { readonly code: Scalars['String']['input']; readonly dateTime?: never; readonly location?: never; readonly media?: never; readonly money?: never; readonly payload?: never; readonly text?: never; }
  |  /** A date and time, in words. */
  { readonly code?: never; readonly dateTime: Scalars['String']['input']; readonly location?: never; readonly media?: never; readonly money?: never; readonly payload?: never; readonly text?: never; }
  |  /** A place on earth. */
  { readonly code?: never; readonly dateTime?: never; readonly location: LocationInput; readonly media?: never; readonly money?: never; readonly payload?: never; readonly text?: never; }
  |  /** A file by its link. */
  { readonly code?: never; readonly dateTime?: never; readonly location?: never; readonly media: MediaInput; readonly money?: never; readonly payload?: never; readonly text?: never; }
  |  /** An amount of money. */
  { readonly code?: never; readonly dateTime?: never; readonly location?: never; readonly media?: never; readonly money: MoneyInput; readonly payload?: never; readonly text?: never; }
  |  /** What a pressed button gives back. */
  { readonly code?: never; readonly dateTime?: never; readonly location?: never; readonly media?: never; readonly money?: never; readonly payload: Scalars['String']['input']; readonly text?: never; }
  |  /** Words; on a button the rest of its link. */
  { readonly code?: never; readonly dateTime?: never; readonly location?: never; readonly media?: never; readonly money?: never; readonly payload?: never; readonly text: Scalars['String']['input']; };

/** What fills one place of a template. */
export type TemplateVariableInput = {
  /** Which button, counted from zero; needed for buttons alone. */
  readonly button?: InputMaybe<Scalars['Int']['input']>;
  /** The place's name, for templates that name theirs. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** Which part of the template. */
  readonly place: TemplatePlace;
  /** What to put there. */
  readonly value: TemplateValueInput;
};

/** What a provider counts texts in. */
export type TextUnit =
  /** Bytes of UTF-8. */
  | 'BYTES'
  /** Characters (Unicode scalar values). */
  | 'CHARACTERS'
  /** UTF-16 code units, as JavaScript counts: most emoji are two. */
  | 'UTF_16';

/** Where conversations of third-party apps are shown. */
export type ThirdPartyInbox =
  /** In one list with everything else. */
  | 'COMBINED'
  /** In a list of their own. */
  | 'SEPARATE';

/** For whom, and what. */
export type ThirdPartyInboxChooseInput = {
  /** Where; null is the workspace's choice again, for the viewer alone. */
  readonly choice?: InputMaybe<ThirdPartyInbox>;
  /** Whether it is chosen for the workspace; for supervisors and administrators. */
  readonly forWorkspace?: Scalars['Boolean']['input'];
};

/** What became of it. */
export type ThirdPartyInboxChooseStatus =
  /** It is that now. */
  | 'CHANGED'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** The viewer may not choose for the workspace. */
  | 'NOT_ALLOWED'
  /** It was that already. */
  | 'UNCHANGED';

/** A time off. */
export type TimeOffAddInput = {
  /** Who. */
  readonly agentId: Scalars['ID']['input'];
  /** From when on. */
  readonly from: Scalars['DateTime']['input'];
  /** What is to be said about it; shown to the agent and to those who steer the work of others. */
  readonly note?: Scalars['String']['input'];
  /** Until when; itself not included. */
  readonly until: Scalars['DateTime']['input'];
};

/** A time off that is taken back. */
export type TimeOffRemoveInput = {
  /** Which. */
  readonly timeOffId: Scalars['ID']['input'];
};

/** What is said to a transfer. */
export type TransferAnswer =
  /** The colleague takes it. */
  | 'ACCEPT'
  /** Who asked does not ask any more. */
  | 'CANCEL'
  /** The colleague does not; it stays. */
  | 'DECLINE';

/** Which transfer to answer, and how. */
export type TransferAnswerInput = {
  /** The answer. */
  readonly answer: TransferAnswer;
  /** Which. */
  readonly transferId: Scalars['ID']['input'];
};

/** How work left its agent. */
export type TransferKind =
  /** They were away for too long. */
  | 'ABSENCE'
  /** It went to somebody or somewhere else at once. */
  | 'COLD'
  /** They gave it back to its queue. */
  | 'RELEASE'
  /** They put it off and let it go meanwhile. */
  | 'SNOOZE'
  /** A colleague was asked first. */
  | 'WARM';

/** Where a transfer stands. */
export type TransferState =
  /** The colleague is asked; who has it keeps it. */
  | 'ASKED'
  /** It was taken back, or there was nothing to hand over any more. */
  | 'CANCELLED'
  /** The colleague said no; it stayed. */
  | 'DECLINED'
  /** It changed hands. */
  | 'DONE'
  /** The colleague did not answer in time; it stayed. */
  | 'EXPIRED';

/** Which view is given up. */
export type ViewRetireInput = {
  /** Which. */
  readonly viewId: Scalars['ID']['input'];
};

/** A view. */
export type ViewSaveInput = {
  /** What its conversations have in common, in the form of docs/schemas/condition.schema.json. */
  readonly condition: Scalars['JSON']['input'];
  /** The version of the view that is changed; if it is at another one by now, it is refused. */
  readonly expectedVersion?: InputMaybe<Scalars['Int']['input']>;
  /** What it is called. */
  readonly name: Scalars['String']['input'];
  /** Whether everybody has it. */
  readonly shared?: Scalars['Boolean']['input'];
  /** Which; a new one without it. */
  readonly viewId?: InputMaybe<Scalars['ID']['input']>;
};

/** Which conversations a role shows; each one shows what those before it do. */
export type Visibility =
  /** All of the workspace. */
  | 'ALL'
  /** What one has, is offered or is asked to take over. */
  | 'OWN'
  /** What is in the queues that one's teams serve. */
  | 'QUEUE'
  /** What somebody of one's teams has. */
  | 'TEAM';

/** Who the time of an episode belongs to. */
export type WaitOwner =
  /** An agent has it, or put it off, and the team is open. */
  | 'AGENT'
  /** It would be ours, but the team is closed. */
  | 'CLOSED_HOURS'
  /** The customer is to answer, at any hour. */
  | 'CUSTOMER'
  /** No agent has it yet, and the team is open. */
  | 'SYSTEM'
  /** A third party is to act, at any hour. */
  | 'THIRD_PARTY';

/** Who may write first. */
export type WhoStarts =
  /** Either side. */
  | 'ANYBODY'
  /** The customer alone. */
  | 'CUSTOMER'
  /** The customer; we with a template. */
  | 'TEMPLATE';

/** What kind of answer to the question why an agent has not got work. */
export type WhyNotStatus =
  /** They could have it, but somebody else comes before them, or nobody is asked now. */
  | 'COULD'
  /** They could not have it. */
  | 'COULD_NOT'
  /** They got it. */
  | 'GOT'
  /** It is not stored: the queue has more members than decisions list. */
  | 'NOT_KNOWN';

/** Why nobody is asked for work. */
export type WorkBlocked =
  /** The queue is closed, and no step lets it be served outside its hours. */
  | 'QUEUE_CLOSED'
  /** It sleeps. */
  | 'SNOOZED';

/** Which work to take. */
export type WorkClaimInput = {
  /** Which. */
  readonly workItemId: Scalars['ID']['input'];
};

/** What kind of work something is; each takes its own share of an agent. */
export type WorkClass =
  /** A call. */
  | 'CALL'
  /** A mail. */
  | 'EMAIL'
  /** A conversation by messages. */
  | 'MESSAGE'
  /** Anything else that somebody has to do. */
  | 'TASK';

/** Where a work item stands. */
export type WorkItemState =
  /** An agent works on it. */
  | 'ACTIVE'
  /** Ended without an agent. */
  | 'CANCELLED'
  /** Finished. */
  | 'DONE'
  /** Shown to one agent. */
  | 'OFFERED'
  /** Waits in a queue. */
  | 'QUEUED'
  /** The agent finishes the paperwork. */
  | 'WRAP_UP';

/** Which queue to take work from. */
export type WorkPullInput = {
  /** Which. */
  readonly queueId: Scalars['ID']['input'];
};

/** Which work to give back. */
export type WorkReleaseInput = {
  /** Why, in 500 characters at most. */
  readonly reason?: Scalars['String']['input'];
  /** Which. */
  readonly workItemId: Scalars['ID']['input'];
};

/** What became of it. */
export type WorkStatus =
  /** It is done. */
  | 'DONE'
  /** The key was used for something else. */
  | 'KEY_REUSED'
  /** It may not be: the refusal says why. */
  | 'REFUSED';

/** A part of the order of work, the first first. */
export type WorkTier =
  /** Its deadline can still be met. */
  | 'LIVE'
  /** Its deadline is lost; it goes behind work that can still be saved, but not for ever. */
  | 'LOST'
  /** Its deadline and the patience after it are over: nothing that comes later passes it. */
  | 'OWED';

/** Which work to hand over: to an agent or to a queue, not both. */
export type WorkTransferInput = {
  /** Why, in 500 characters at most. */
  readonly reason?: Scalars['String']['input'];
  /** To whom. */
  readonly toAgentId?: InputMaybe<Scalars['ID']['input']>;
  /** To which queue. */
  readonly toQueueId?: InputMaybe<Scalars['ID']['input']>;
  /** Whether the agent is asked first. */
  readonly warm?: Scalars['Boolean']['input'];
  /** Which. */
  readonly workItemId: Scalars['ID']['input'];
};

/** A zone for the days of reports. */
export type WorkspaceZoneSetInput = {
  /** Its IANA name, such as Europe/Berlin. */
  readonly zone: Scalars['String']['input'];
};

/** Which paperwork is finished. */
export type WrapUpEndInput = {
  /** Of which work. */
  readonly workItemId: Scalars['ID']['input'];
};

export type ApiKeyCreateMutationVariables = Exact<{
  input: ApiKeyCreateInput;
}>;


export type ApiKeyCreateMutation = { readonly apiKeyCreate: { readonly status: ApiKeyCreateStatus, readonly secret: string | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly apiKey: { readonly id: string, readonly name: string, readonly hint: string, readonly permissions: ReadonlyArray<Permission>, readonly expiresAt: string } | null } | null };

export type ApiKeyRevokeMutationVariables = Exact<{
  input: ApiKeyRevokeInput;
}>;


export type ApiKeyRevokeMutation = { readonly apiKeyRevoke: { readonly status: ApiKeyRevokeStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly apiKey: { readonly id: string, readonly revokedAt: string | null } | null } | null };

export type AttachmentRetryMutationVariables = Exact<{
  input: AttachmentRetryInput;
  key: Scalars['String']['input'];
}>;


export type AttachmentRetryMutation = { readonly attachmentRetry: { readonly status: AttachmentRetryStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly attachment: { readonly id: string, readonly state: AttachmentState, readonly failure: { readonly code: string, readonly message: string, readonly tries: number, readonly nextTryAt: string | null } | null } | null } | null };

export type AuditEntriesQueryVariables = Exact<{
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type AuditEntriesQuery = { readonly auditEntries: { readonly totalCount: number | null, readonly nodes: ReadonlyArray<{ readonly id: string, readonly index: number, readonly kind: string | null, readonly occurredAt: string | null, readonly hash: string, readonly body: unknown, readonly actor: { readonly kind: ActorKind, readonly agent: { readonly id: string, readonly name: string } | null } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type ContactConsentMutationVariables = Exact<{
  input: ContactConsentInput;
  key: Scalars['String']['input'];
}>;


export type ContactConsentMutation = { readonly contactConsent: { readonly status: ContactStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly contact: { readonly id: string, readonly consents: ReadonlyArray<{ readonly network: string, readonly state: ConsentState, readonly saidAt: string | null }> | null } | null } | null };

export type ContactLinkMutationVariables = Exact<{
  input: ContactLinkInput;
  key: Scalars['String']['input'];
}>;


export type ContactLinkMutation = { readonly contactLink: { readonly status: ContactStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly contact: { readonly id: string, readonly linkedInto: { readonly id: string, readonly name: string | null } | null } | null } | null };

export type ContactRenameMutationVariables = Exact<{
  input: ContactRenameInput;
  key: Scalars['String']['input'];
}>;


export type ContactRenameMutation = { readonly contactRename: { readonly status: ContactStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly contact: { readonly id: string, readonly name: string | null, readonly nameSource: NameSource } | null } | null };

export type ContactUnlinkMutationVariables = Exact<{
  input: ContactUnlinkInput;
  key: Scalars['String']['input'];
}>;


export type ContactUnlinkMutation = { readonly contactUnlink: { readonly status: ContactStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly contact: { readonly id: string, readonly linkedInto: { readonly id: string } | null, readonly notes: ReadonlyArray<{ readonly id: string, readonly kind: string, readonly text: string, readonly writtenAt: string, readonly agent: { readonly id: string, readonly name: string } | null, readonly message: { readonly id: string } | null }> | null } | null } | null };

export type ConversationQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  last?: InputMaybe<Scalars['Int']['input']>;
  before?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type ConversationQuery = { readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly version: number, readonly canReplyUntil: string | null, readonly replyState: ReplyState | null, readonly isGroup: boolean, readonly replyRoute: { readonly why: ReplyRouteReason, readonly works: boolean, readonly inbox: { readonly id: string, readonly name: string, readonly channel: Channel } | null, readonly identity: { readonly id: string, readonly network: string, readonly namespace: string, readonly value: string } | null, readonly refusal: { readonly code: string, readonly message: string } | null, readonly alternatives: ReadonlyArray<{ readonly works: boolean, readonly state: ReplyState, readonly inbox: { readonly id: string, readonly name: string, readonly channel: Channel } | null, readonly contact: { readonly id: string } | null, readonly identity: { readonly id: string, readonly value: string } | null, readonly refusal: { readonly code: string, readonly message: string } | null }> } | null, readonly contact: { readonly id: string, readonly name: string | null, readonly nameSource: NameSource, readonly locale: string | null, readonly identities: ReadonlyArray<{ readonly id: string, readonly network: string, readonly namespace: string, readonly value: string, readonly verifiedBy: string, readonly consent: ConsentState | null, readonly validFrom: string, readonly validTo: string | null, readonly contactId: string }> | null, readonly consents: ReadonlyArray<{ readonly network: string, readonly state: ConsentState, readonly saidAt: string | null }> | null, readonly linked: ReadonlyArray<{ readonly id: string, readonly name: string | null }> | null } | null, readonly participants: ReadonlyArray<{ readonly name: string | null, readonly nameSource: NameSource, readonly messages: number, readonly lastWroteAt: string | null, readonly standing: GroupStanding | null, readonly role: GroupRole | null, readonly invitedAt: string | null, readonly joinedAt: string | null, readonly leftAt: string | null, readonly contact: { readonly id: string, readonly name: string | null } | null }> | null, readonly assignee: { readonly id: string, readonly name: string } | null, readonly queue: { readonly id: string, readonly name: string } | null, readonly episode: { readonly id: string, readonly number: number, readonly openedAt: string, readonly firstReplyAt: string | null, readonly resolvedAt: string | null } | null, readonly capabilities: { readonly content: ReadonlyArray<string>, readonly maxText: number, readonly maxCaption: number, readonly textUnit: TextUnit, readonly longText: LongText, readonly replyWindowSeconds: number | null, readonly replies: boolean, readonly reactions: boolean, readonly typing: boolean, readonly markRead: boolean, readonly edits: boolean, readonly deletes: boolean, readonly templates: boolean, readonly idempotencyKey: boolean, readonly files: ReadonlyArray<{ readonly kind: string, readonly types: ReadonlyArray<string>, readonly maxBytes: number | null }> } | null, readonly workItem: { readonly id: string, readonly state: WorkItemState, readonly decision: { readonly id: string, readonly policy: string, readonly tieRule: string, readonly candidates: ReadonlyArray<{ readonly idleMs: number, readonly load: number, readonly capacity: number, readonly agent: { readonly id: string, readonly name: string } | null }>, readonly excluded: ReadonlyArray<{ readonly reason: ExclusionReason, readonly until: string | null, readonly agent: { readonly id: string, readonly name: string } | null }> } | null } | null, readonly messages: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly direction: Direction, readonly text: string, readonly sentAt: string, readonly revision: number, readonly deletedAt: string | null, readonly version: number, readonly author:
          | { readonly __typename: 'Agent', readonly id: string, readonly agentName: string }
          | { readonly __typename: 'Contact', readonly id: string, readonly contactName: string | null }
         | null, readonly content:
          | { readonly __typename: 'TextContent', readonly text: string }
          | { readonly __typename: 'MediaContent', readonly kind: string, readonly url: string | null, readonly fileName: string | null, readonly caption: string | null }
          | { readonly __typename: 'LocationContent', readonly latitude: number, readonly longitude: number, readonly name: string | null }
          | { readonly __typename: 'ContactsContent' }
          | { readonly __typename: 'AnswerContent', readonly title: string }
          | { readonly __typename: 'FormContent' }
          | { readonly __typename: 'OrderContent' }
          | { readonly __typename: 'TemplateContent' }
          | { readonly __typename: 'ChoicesContent' }
          | { readonly __typename: 'LinkContent' }
          | { readonly __typename: 'FormRequestContent' }
          | { readonly __typename: 'RequestContent' }
          | { readonly __typename: 'CallInvitationContent' }
          | { readonly __typename: 'CarouselContent' }
          | { readonly __typename: 'CompositeContent' }
          | { readonly __typename: 'CallContent' }
          | { readonly __typename: 'NoticeContent' }
          | { readonly __typename: 'UnsupportedContent' }
         | null, readonly attachments: ReadonlyArray<{ readonly id: string, readonly state: AttachmentState, readonly kind: string, readonly fileName: string | null, readonly mimeType: string | null, readonly size: number | null, readonly link: { readonly url: string, readonly expiresAt: string } | null, readonly failure: { readonly code: string, readonly message: string, readonly nextTryAt: string | null } | null }> | null, readonly inbox: { readonly id: string, readonly channel: Channel } | null, readonly recipient: { readonly id: string } | null, readonly delivery: { readonly state: DeliveryState, readonly attempts: number, readonly failure: { readonly reason: FailureReason, readonly retryable: boolean, readonly detail: string } | null } | null, readonly recipients: ReadonlyArray<{ readonly state: DeliveryState, readonly toldAt: string, readonly contact: { readonly id: string } | null, readonly failure: { readonly reason: FailureReason, readonly detail: string } | null }> | null, readonly reactions: ReadonlyArray<{ readonly author: string, readonly emojis: ReadonlyArray<string> }> | null, readonly replyTo: { readonly id: string, readonly text: string } | null, readonly origin: { readonly forwarded: boolean, readonly quote: string | null, readonly album: string | null, readonly product: { readonly catalog: string, readonly product: string } | null, readonly referral: { readonly kind: string | null, readonly providerId: string | null, readonly url: string | null, readonly headline: string | null, readonly body: string | null, readonly click: string | null } | null } | null }>, readonly pageInfo: { readonly hasPreviousPage: boolean, readonly startCursor: string | null } } | null } | null };

export type ConversationHoldMutationVariables = Exact<{
  input: ConversationHoldInput;
  key: Scalars['String']['input'];
}>;


export type ConversationHoldMutation = { readonly conversationHold: { readonly status: WorkStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly heldReason: string | null, readonly version: number } | null } | null };

export type ConversationMergeMutationVariables = Exact<{
  input: ConversationMergeInput;
  key: Scalars['String']['input'];
}>;


export type ConversationMergeMutation = { readonly conversationMerge: { readonly status: WorkStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly version: number, readonly mergedFrom: ReadonlyArray<{ readonly id: string }> | null, readonly messages: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly text: string }> } | null } | null } | null };

export type ConversationNotesQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  last?: InputMaybe<Scalars['Int']['input']>;
  before?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type ConversationNotesQuery = { readonly conversation: { readonly id: string, readonly notes: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly text: string, readonly version: number, readonly writtenAt: string, readonly deletedAt: string | null, readonly author: { readonly id: string, readonly name: string } | null, readonly mentions: ReadonlyArray<{ readonly id: string, readonly name: string }> | null }>, readonly pageInfo: { readonly hasPreviousPage: boolean, readonly startCursor: string | null } } | null, readonly draft: { readonly text: string, readonly version: number } | null } | null };

export type ConversationResolveMutationVariables = Exact<{
  input: ConversationResolveInput;
  key: Scalars['String']['input'];
}>;


export type ConversationResolveMutation = { readonly conversationResolve: { readonly status: ConversationResolveStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly version: number } | null } | null };

export type ConversationSeenMutationVariables = Exact<{
  input: ConversationSeenInput;
}>;


export type ConversationSeenMutation = { readonly conversationSeen: { readonly status: ConversationSeenStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type ConversationSlaQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  running?: InputMaybe<Scalars['Boolean']['input']>;
}>;


export type ConversationSlaQuery = { readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly slaClocks: ReadonlyArray<{ readonly id: string, readonly clock: SlaClockKind, readonly number: number, readonly state: SlaState, readonly outcome: SlaOutcome, readonly isAtRisk: boolean, readonly pausedIn: ConversationStatus | null, readonly holiday: string | null, readonly opensAt: string | null, readonly startedAt: string, readonly endedAt: string | null, readonly elapsed: string, readonly elapsedMs: number, readonly target: string | null, readonly targetMs: number | null, readonly remaining: string | null, readonly remainingMs: number | null, readonly remainingWall: string | null, readonly remainingWallMs: number | null, readonly deadline: string | null, readonly breachedAt: string | null, readonly hours: SlaHours | null, readonly schedule: string | null, readonly priority: number, readonly policy: { readonly id: string, readonly name: string | null, readonly version: number } | null }> | null, readonly episode: { readonly id: string, readonly number: number, readonly openedAt: string, readonly resolvedAt: string | null, readonly waitLedger: { readonly wallMs: number, readonly agentMs: number, readonly customerMs: number, readonly thirdPartyMs: number, readonly systemMs: number, readonly closedHoursMs: number, readonly spans: ReadonlyArray<{ readonly from: string, readonly to: string, readonly owner: WaitOwner }> } | null } | null } | null };

export type ConversationSnoozeMutationVariables = Exact<{
  input: ConversationSnoozeInput;
  key: Scalars['String']['input'];
}>;


export type ConversationSnoozeMutation = { readonly conversationSnooze: { readonly status: WorkStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly snoozedUntil: string | null, readonly version: number } | null } | null };

export type ConversationStartMutationVariables = Exact<{
  input: ConversationStartInput;
  key: Scalars['String']['input'];
}>;


export type ConversationStartMutation = { readonly conversationStart: { readonly status: ConversationStartStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly version: number } | null, readonly message: { readonly id: string, readonly text: string, readonly delivery: { readonly state: DeliveryState } | null, readonly inbox: { readonly id: string, readonly channel: Channel } | null, readonly recipient: { readonly id: string } | null } | null, readonly instead: ReadonlyArray<{ readonly kind: ReplyAlternativeKind, readonly contentKinds: ReadonlyArray<string>, readonly conversation: { readonly id: string } | null, readonly inbox: { readonly id: string, readonly channel: Channel } | null, readonly contact: { readonly id: string } | null }> } | null };

export type ConversationTagMutationVariables = Exact<{
  input: ConversationTagInput;
  key: Scalars['String']['input'];
}>;


export type ConversationTagMutation = { readonly conversationTag: { readonly status: AsideStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly version: number, readonly tags: ReadonlyArray<string> | null } | null } | null };

export type ConversationTypingMutationVariables = Exact<{
  input: ConversationTypingInput;
}>;


export type ConversationTypingMutation = { readonly conversationTyping: { readonly status: ConversationTypingStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type ConversationUnmergeMutationVariables = Exact<{
  input: ConversationUnmergeInput;
  key: Scalars['String']['input'];
}>;


export type ConversationUnmergeMutation = { readonly conversationUnmerge: { readonly status: WorkStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly version: number, readonly mergedInto: { readonly id: string } | null } | null } | null };

export type ConversationUntagMutationVariables = Exact<{
  input: ConversationTagInput;
  key: Scalars['String']['input'];
}>;


export type ConversationUntagMutation = { readonly conversationUntag: { readonly status: AsideStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly version: number, readonly tags: ReadonlyArray<string> | null } | null } | null };

export type DeskEventsSubscriptionVariables = Exact<{
  after?: InputMaybe<Scalars['Cursor']['input']>;
  kinds?: InputMaybe<ReadonlyArray<Scalars['String']['input']> | Scalars['String']['input']>;
}>;


export type DeskEventsSubscription = { readonly deskEvents: { readonly id: string, readonly cursor: string, readonly seq: number, readonly kind: string, readonly occurredAt: string, readonly traceparent: string | null, readonly actor: { readonly kind: ActorKind, readonly agent: { readonly id: string, readonly name: string } | null, readonly contact: { readonly id: string, readonly name: string | null } | null }, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly version: number, readonly lastText: string } | null, readonly message: { readonly id: string, readonly direction: Direction, readonly text: string, readonly delivery: { readonly state: DeliveryState } | null } | null, readonly offer: { readonly id: string, readonly state: OfferState, readonly expiresAt: string, readonly agent: { readonly id: string } | null } | null, readonly agent: { readonly id: string, readonly name: string, readonly presence: Presence } | null } };

export type DraftSaveMutationVariables = Exact<{
  input: DraftSaveInput;
  key: Scalars['String']['input'];
}>;


export type DraftSaveMutation = { readonly draftSave: { readonly status: AsideStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly draft: { readonly text: string, readonly version: number, readonly changedAt: string } | null } | null };

export type DraftsQueryVariables = Exact<{
  first?: InputMaybe<Scalars['Int']['input']>;
}>;


export type DraftsQuery = { readonly drafts: ReadonlyArray<{ readonly text: string, readonly version: number, readonly changedAt: string, readonly conversation: { readonly id: string, readonly contact: { readonly id: string, readonly name: string | null } | null } | null }> | null };

export type ExplainSlaQueryVariables = Exact<{
  clock: Scalars['ID']['input'];
}>;


export type ExplainSlaQuery = { readonly explainSla: { readonly elapsedMs: number, readonly clock: { readonly id: string, readonly clock: SlaClockKind, readonly state: SlaState, readonly outcome: SlaOutcome, readonly targetMs: number | null, readonly deadline: string | null, readonly policy: { readonly id: string, readonly name: string | null, readonly version: number } | null }, readonly intervals: ReadonlyArray<{ readonly from: string, readonly to: string, readonly why: SlaWhy, readonly holiday: string | null, readonly state: ConversationStatus, readonly hours: SlaHours, readonly scheduleId: string | null, readonly eventId: string, readonly forgotten: boolean, readonly lengthMs: number, readonly totalMs: number }>, readonly entries: ReadonlyArray<{ readonly at: string, readonly what: string, readonly eventId: string | null, readonly state: ConversationStatus | null, readonly step: string | null, readonly targetMs: number | null }> } | null };

export type IdentityProviderRetireMutationVariables = Exact<{
  input: IdentityProviderRetireInput;
}>;


export type IdentityProviderRetireMutation = { readonly identityProviderRetire: { readonly status: SetupStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly identityProvider: { readonly id: string, readonly retiredAt: string | null } | null } | null };

export type IdentityProviderSetMutationVariables = Exact<{
  input: IdentityProviderSetInput;
}>;


export type IdentityProviderSetMutation = { readonly identityProviderSet: { readonly status: SetupStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly faults: ReadonlyArray<{ readonly path: string, readonly problem: string, readonly mend: string }>, readonly identityProvider: { readonly id: string, readonly name: string, readonly issuer: string, readonly hasClientSecret: boolean } | null } | null };

export type IdentityProvidersQueryVariables = Exact<{ [key: string]: never; }>;


export type IdentityProvidersQuery = { readonly identityProviders: ReadonlyArray<{ readonly id: string, readonly name: string, readonly issuer: string, readonly clientId: string, readonly hasClientSecret: boolean, readonly scopes: ReadonlyArray<string>, readonly groupsClaim: string, readonly fallbackRole: Role | null, readonly createsAgents: boolean, readonly trustsEmail: boolean, readonly redirectUrls: ReadonlyArray<string>, readonly createdAt: string, readonly groupRoles: ReadonlyArray<{ readonly group: string, readonly role: Role, readonly customRole: { readonly id: string, readonly name: string } | null }> | null, readonly fallbackCustomRole: { readonly id: string, readonly name: string } | null }> | null };

export type InboxQueryVariables = Exact<{
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['Cursor']['input']>;
  filter?: InputMaybe<ConversationFilter>;
}>;


export type InboxQuery = { readonly conversations: { readonly totalCount: number | null, readonly nodes: ReadonlyArray<{ readonly id: string, readonly status: ConversationStatus, readonly version: number, readonly lastText: string, readonly lastMessageAt: string, readonly canReplyUntil: string | null, readonly contact: { readonly id: string, readonly name: string | null } | null, readonly assignee: { readonly id: string, readonly name: string } | null, readonly queue: { readonly id: string, readonly name: string } | null, readonly inbox: { readonly id: string, readonly name: string, readonly channel: Channel } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type InboxHealthQueryVariables = Exact<{ [key: string]: never; }>;


export type InboxHealthQuery = { readonly inboxes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly channel: Channel, readonly health: { readonly state: InboxState, readonly reason: string | null, readonly detail: string | null, readonly since: string | null, readonly perSecond: number | null, readonly checkedAt: string | null, readonly conditions: ReadonlyArray<{ readonly subject: string, readonly state: InboxState, readonly reason: string, readonly detail: string, readonly since: string }>, readonly events: ReadonlyArray<{ readonly subject: string, readonly state: InboxState, readonly reason: string, readonly detail: string, readonly at: string }> } | null, readonly templates: ReadonlyArray<{ readonly name: string, readonly language: string, readonly status: string, readonly category: string | null, readonly quality: string | null, readonly reason: string | null, readonly text: string, readonly variables: ReadonlyArray<{ readonly place: TemplatePlace, readonly button: number | null, readonly name: string | null, readonly kind: string }> | null }> | null, readonly serviceMessages: ReadonlyArray<{ readonly month: string, readonly delivered: number }> | null }> | null };

export type LiveConversationSubscriptionVariables = Exact<{
  id: Scalars['ID']['input'];
  after?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type LiveConversationSubscription = { readonly conversation:
    | { readonly __typename: 'ConversationEvent', readonly cursor: string, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly version: number, readonly assignee: { readonly id: string, readonly name: string } | null }, readonly event: { readonly id: string, readonly kind: string, readonly occurredAt: string, readonly actor: { readonly kind: ActorKind, readonly agent: { readonly id: string, readonly name: string } | null }, readonly message: { readonly id: string, readonly direction: Direction, readonly text: string, readonly sentAt: string, readonly delivery: { readonly state: DeliveryState } | null } | null } }
    | { readonly __typename: 'ConversationLeft', readonly conversationId: string, readonly cursor: string }
    | { readonly __typename: 'ConversationSnapshot', readonly cursor: string, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly version: number, readonly assignee: { readonly id: string, readonly name: string } | null, readonly messages: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly direction: Direction, readonly text: string, readonly sentAt: string, readonly delivery: { readonly state: DeliveryState } | null }> } | null } }
   };

export type LiveInboxSubscriptionVariables = Exact<{
  filter?: InputMaybe<ConversationFilter>;
  viewId?: InputMaybe<Scalars['ID']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type LiveInboxSubscription = { readonly inbox:
    | { readonly __typename: 'ConversationLeft', readonly conversationId: string, readonly cursor: string }
    | { readonly __typename: 'InboxRow', readonly cursor: string, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly version: number, readonly lastText: string, readonly lastMessageAt: string, readonly contact: { readonly id: string, readonly name: string | null } | null, readonly assignee: { readonly id: string, readonly name: string } | null, readonly queue: { readonly id: string, readonly name: string } | null } }
    | { readonly __typename: 'InboxSnapshot', readonly cursor: string, readonly nodes: ReadonlyArray<{ readonly id: string, readonly status: ConversationStatus, readonly version: number, readonly lastText: string, readonly lastMessageAt: string, readonly contact: { readonly id: string, readonly name: string | null } | null, readonly assignee: { readonly id: string, readonly name: string } | null, readonly queue: { readonly id: string, readonly name: string } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } }
   };

export type LiveOffersSubscriptionVariables = Exact<{
  after?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type LiveOffersSubscription = { readonly offers:
    | { readonly __typename: 'OfferChange', readonly cursor: string, readonly offer: { readonly id: string, readonly state: OfferState, readonly expiresAt: string, readonly queue: { readonly id: string, readonly name: string } | null, readonly conversation: { readonly id: string, readonly lastText: string, readonly contact: { readonly id: string, readonly name: string | null } | null } | null } }
    | { readonly __typename: 'OffersSnapshot', readonly cursor: string, readonly offers: ReadonlyArray<{ readonly id: string, readonly state: OfferState, readonly expiresAt: string, readonly queue: { readonly id: string, readonly name: string } | null, readonly conversation: { readonly id: string, readonly lastText: string, readonly contact: { readonly id: string, readonly name: string | null } | null } | null }> }
   };

export type LivePresenceSubscriptionVariables = Exact<{
  after?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type LivePresenceSubscription = { readonly presence:
    | { readonly __typename: 'AgentLeft', readonly agentId: string, readonly cursor: string }
    | { readonly __typename: 'AgentPresence', readonly cursor: string, readonly agent: { readonly id: string, readonly name: string, readonly presence: Presence } }
    | { readonly __typename: 'PresenceSnapshot', readonly cursor: string, readonly agents: ReadonlyArray<{ readonly id: string, readonly name: string, readonly presence: Presence }> }
   };

export type LiveQueueStatsSubscriptionVariables = Exact<{
  queueIds?: InputMaybe<ReadonlyArray<Scalars['ID']['input']> | Scalars['ID']['input']>;
  after?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type LiveQueueStatsSubscription = { readonly queueStats:
    | { readonly __typename: 'QueueStanding', readonly cursor: string, readonly queue: { readonly id: string, readonly name: string }, readonly stats: { readonly at: string, readonly waiting: number, readonly oldestWaitingSince: string | null, readonly offered: number, readonly inWork: number, readonly atRisk: number, readonly breached: number, readonly agents: ReadonlyArray<{ readonly presence: Presence, readonly agents: number }> } }
    | { readonly __typename: 'QueueStatsSnapshot', readonly cursor: string, readonly queues: ReadonlyArray<{ readonly queue: { readonly id: string, readonly name: string }, readonly stats: { readonly at: string, readonly waiting: number, readonly oldestWaitingSince: string | null, readonly offered: number, readonly inWork: number, readonly atRisk: number, readonly breached: number, readonly agents: ReadonlyArray<{ readonly presence: Presence, readonly agents: number }> } }> }
   };

export type LiveSlaClocksSubscriptionVariables = Exact<{
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type LiveSlaClocksSubscription = { readonly slaClocks:
    | { readonly __typename: 'ConversationLeft', readonly conversationId: string, readonly cursor: string }
    | { readonly __typename: 'SlaChange', readonly seq: number, readonly kind: string, readonly at: string, readonly changed: ReadonlyArray<SlaClockKind>, readonly cursor: string, readonly clocks: ReadonlyArray<{ readonly id: string, readonly clock: SlaClockKind, readonly state: SlaState, readonly outcome: SlaOutcome, readonly isAtRisk: boolean, readonly remainingMs: number | null, readonly deadline: string | null, readonly breachedAt: string | null }> | null, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly assignee: { readonly id: string, readonly name: string } | null, readonly queue: { readonly id: string, readonly name: string } | null } | null }
    | { readonly __typename: 'SlaClocksShown', readonly cursor: string, readonly clocks: ReadonlyArray<{ readonly id: string, readonly clock: SlaClockKind, readonly state: SlaState, readonly outcome: SlaOutcome, readonly isAtRisk: boolean, readonly remainingMs: number | null, readonly deadline: string | null, readonly conversation: { readonly id: string } | null }> | null }
    | { readonly __typename: 'SlaClocksSnapshot', readonly cursor: string, readonly clocks: ReadonlyArray<{ readonly id: string, readonly clock: SlaClockKind, readonly state: SlaState, readonly outcome: SlaOutcome, readonly isAtRisk: boolean, readonly remainingMs: number | null, readonly deadline: string | null, readonly conversation: { readonly id: string } | null }> | null }
   };

export type LiveViewingSubscriptionVariables = Exact<{
  conversationId: Scalars['ID']['input'];
}>;


export type LiveViewingSubscription = { readonly viewing: { readonly customerTyping: boolean, readonly colleagues: ReadonlyArray<{ readonly isTyping: boolean, readonly agent: { readonly id: string, readonly name: string } | null }> } };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { readonly me: { readonly id: string, readonly name: string, readonly email: string, readonly role: Role, readonly presence: Presence, readonly load: number, readonly capacity: number, readonly thirdPartyInbox: ThirdPartyInbox } | null };

export type MessageDeleteMutationVariables = Exact<{
  input: MessageDeleteInput;
  key: Scalars['String']['input'];
}>;


export type MessageDeleteMutation = { readonly messageDelete: { readonly status: MessageChangeStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly change: { readonly id: string, readonly kind: MessageChangeKind, readonly text: string | null, readonly emoji: string | null, readonly delivery: { readonly state: DeliveryState, readonly attempts: number, readonly failure: { readonly reason: FailureReason, readonly detail: string } | null } | null } | null, readonly message: { readonly id: string, readonly text: string, readonly revision: number, readonly deletedAt: string | null, readonly reactions: ReadonlyArray<{ readonly author: string, readonly emojis: ReadonlyArray<string> }> | null } | null } | null };

export type MessageEditMutationVariables = Exact<{
  input: MessageEditInput;
  key: Scalars['String']['input'];
}>;


export type MessageEditMutation = { readonly messageEdit: { readonly status: MessageChangeStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly change: { readonly id: string, readonly kind: MessageChangeKind, readonly text: string | null, readonly emoji: string | null, readonly delivery: { readonly state: DeliveryState, readonly attempts: number, readonly failure: { readonly reason: FailureReason, readonly detail: string } | null } | null } | null, readonly message: { readonly id: string, readonly text: string, readonly revision: number, readonly deletedAt: string | null, readonly reactions: ReadonlyArray<{ readonly author: string, readonly emojis: ReadonlyArray<string> }> | null } | null } | null };

export type MessageReplyMutationVariables = Exact<{
  input: MessageReplyInput;
  key: Scalars['String']['input'];
}>;


export type MessageReplyMutation = { readonly messageReply: { readonly status: MessageReplyStatus, readonly version: number | null, readonly missed: number | null, readonly windowClosedAt: string | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly message: { readonly id: string, readonly text: string, readonly delivery: { readonly state: DeliveryState } | null, readonly replyTo: { readonly id: string } | null } | null, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly version: number } | null, readonly instead: ReadonlyArray<{ readonly kind: ReplyAlternativeKind, readonly contentKinds: ReadonlyArray<string>, readonly conversation: { readonly id: string } | null, readonly inbox: { readonly id: string, readonly channel: Channel } | null, readonly contact: { readonly id: string } | null }> } | null };

export type NoteDeleteMutationVariables = Exact<{
  input: NoteDeleteInput;
  key: Scalars['String']['input'];
}>;


export type NoteDeleteMutation = { readonly noteDelete: { readonly status: AsideStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly note: { readonly id: string, readonly text: string, readonly deletedAt: string | null } | null } | null };

export type NoteWriteMutationVariables = Exact<{
  input: NoteWriteInput;
  key: Scalars['String']['input'];
}>;


export type NoteWriteMutation = { readonly noteWrite: { readonly status: AsideStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly note: { readonly id: string, readonly text: string, readonly version: number, readonly writtenAt: string, readonly author: { readonly id: string, readonly name: string } | null, readonly mentions: ReadonlyArray<{ readonly id: string, readonly name: string }> | null } | null } | null };

export type NotificationsQueryVariables = Exact<{
  first?: InputMaybe<Scalars['Int']['input']>;
  unreadOnly?: InputMaybe<Scalars['Boolean']['input']>;
}>;


export type NotificationsQuery = { readonly notifications: ReadonlyArray<{ readonly id: string, readonly kind: NotificationKind, readonly clock: SlaClockKind | null, readonly step: string | null, readonly at: string, readonly deadline: string | null, readonly dueAt: string, readonly readAt: string | null, readonly conversation: { readonly id: string } | null }> | null };

export type NotificationsReadMutationVariables = Exact<{
  input: NotificationsReadInput;
}>;


export type NotificationsReadMutation = { readonly notificationsRead: { readonly status: NotificationsReadStatus, readonly count: number, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type OfferAcceptMutationVariables = Exact<{
  input: OfferAcceptInput;
  key: Scalars['String']['input'];
}>;


export type OfferAcceptMutation = { readonly offerAccept: { readonly status: OfferAcceptStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly offer: { readonly id: string, readonly state: OfferState } | null, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly version: number, readonly assignee: { readonly id: string, readonly name: string } | null } | null } | null };

export type OfferDeclineMutationVariables = Exact<{
  input: OfferDeclineInput;
  key: Scalars['String']['input'];
}>;


export type OfferDeclineMutation = { readonly offerDecline: { readonly status: OfferDeclineStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly offer: { readonly id: string, readonly state: OfferState } | null } | null };

export type OffersQueryVariables = Exact<{ [key: string]: never; }>;


export type OffersQuery = { readonly offers: ReadonlyArray<{ readonly id: string, readonly expiresAt: string, readonly queue: { readonly id: string, readonly name: string } | null, readonly conversation: { readonly id: string, readonly lastText: string, readonly contact: { readonly id: string, readonly name: string | null } | null, readonly inbox: { readonly id: string, readonly channel: Channel } | null } | null }> | null };

export type PasswordChangeMutationVariables = Exact<{
  input: PasswordChangeInput;
}>;


export type PasswordChangeMutation = { readonly passwordChange: { readonly status: PasswordChangeStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type PasswordResetMutationVariables = Exact<{
  input: PasswordResetInput;
}>;


export type PasswordResetMutation = { readonly passwordReset: { readonly status: PasswordResetStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type PasswordResetRequestMutationVariables = Exact<{
  input: PasswordResetRequestInput;
}>;


export type PasswordResetRequestMutation = { readonly passwordResetRequest: { readonly status: PasswordResetRequestStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type PresenceSetMutationVariables = Exact<{
  input: PresenceSetInput;
  key: Scalars['String']['input'];
}>;


export type PresenceSetMutation = { readonly presenceSet: { readonly status: PresenceSetStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly agent: { readonly id: string, readonly presence: Presence } | null } | null };

export type ProviderSignInBeginMutationVariables = Exact<{
  input: ProviderSignInBeginInput;
}>;


export type ProviderSignInBeginMutation = { readonly providerSignInBegin: { readonly status: ProviderSignInBeginStatus, readonly url: string | null, readonly state: string | null, readonly verifier: string | null, readonly expiresAt: string | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type ProviderSignInFinishMutationVariables = Exact<{
  input: ProviderSignInFinishInput;
}>;


export type ProviderSignInFinishMutation = { readonly providerSignInFinish: { readonly status: ProviderSignInFinishStatus, readonly token: string | null, readonly expiresAt: string | null, readonly refreshToken: string | null, readonly refreshExpiresAt: string | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly agent: { readonly id: string, readonly name: string, readonly role: Role } | null } | null };

export type ReactionSetMutationVariables = Exact<{
  input: ReactionSetInput;
  key: Scalars['String']['input'];
}>;


export type ReactionSetMutation = { readonly reactionSet: { readonly status: MessageChangeStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly change: { readonly id: string, readonly kind: MessageChangeKind, readonly text: string | null, readonly emoji: string | null, readonly delivery: { readonly state: DeliveryState, readonly attempts: number, readonly failure: { readonly reason: FailureReason, readonly detail: string } | null } | null } | null, readonly message: { readonly id: string, readonly text: string, readonly revision: number, readonly deletedAt: string | null, readonly reactions: ReadonlyArray<{ readonly author: string, readonly emojis: ReadonlyArray<string> }> | null } | null } | null };

export type SearchQueryVariables = Exact<{
  text: Scalars['String']['input'];
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['Cursor']['input']>;
  filter?: InputMaybe<SearchFilter>;
}>;


export type SearchQuery = { readonly search: { readonly edges: ReadonlyArray<{ readonly cursor: string, readonly node: { readonly kind: SearchKind, readonly at: string | null, readonly highlight: ReadonlyArray<{ readonly text: string, readonly isMatch: boolean }>, readonly contact: { readonly id: string, readonly name: string | null } | null, readonly conversation: { readonly id: string, readonly status: ConversationStatus, readonly contact: { readonly id: string, readonly name: string | null } | null } | null, readonly message: { readonly id: string, readonly direction: Direction, readonly sentAt: string } | null, readonly note: { readonly id: string, readonly writtenAt: string, readonly author: { readonly id: string, readonly name: string } | null } | null } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type SecondFactorQueryVariables = Exact<{ [key: string]: never; }>;


export type SecondFactorQuery = { readonly secondFactor: { readonly confirmedAt: string, readonly recoveryCodesLeft: number } | null };

export type SecondFactorBeginMutationVariables = Exact<{
  input: SecondFactorBeginInput;
}>;


export type SecondFactorBeginMutation = { readonly secondFactorBegin: { readonly status: SecondFactorBeginStatus, readonly secret: string | null, readonly uri: string | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type SecondFactorConfirmMutationVariables = Exact<{
  input: SecondFactorConfirmInput;
}>;


export type SecondFactorConfirmMutation = { readonly secondFactorConfirm: { readonly status: SecondFactorConfirmStatus, readonly recoveryCodes: ReadonlyArray<string>, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type SecondFactorRemoveMutationVariables = Exact<{
  input: SecondFactorRemoveInput;
}>;


export type SecondFactorRemoveMutation = { readonly secondFactorRemove: { readonly status: SecondFactorRemoveStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type SessionRefreshMutationVariables = Exact<{
  input: SessionRefreshInput;
}>;


export type SessionRefreshMutation = { readonly sessionRefresh: { readonly status: SessionRefreshStatus, readonly token: string | null, readonly expiresAt: string | null, readonly refreshToken: string | null, readonly refreshExpiresAt: string | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type SessionsQueryVariables = Exact<{ [key: string]: never; }>;


export type SessionsQuery = { readonly sessions: ReadonlyArray<{ readonly id: string, readonly device: string, readonly createdAt: string, readonly seenAt: string, readonly expiresAt: string }> | null, readonly apiKeys: ReadonlyArray<{ readonly id: string, readonly name: string, readonly hint: string, readonly permissions: ReadonlyArray<Permission>, readonly createdAt: string, readonly expiresAt: string, readonly lastUsedAt: string | null, readonly revokedAt: string | null }> | null };

export type SignInMutationVariables = Exact<{
  input: SignInInput;
}>;


export type SignInMutation = { readonly signIn: { readonly status: SignInStatus, readonly token: string | null, readonly expiresAt: string | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly agent: { readonly id: string, readonly name: string } | null } | null };

export type SignInProvidersQueryVariables = Exact<{
  workspace: Scalars['String']['input'];
}>;


export type SignInProvidersQuery = { readonly signInProviders: ReadonlyArray<{ readonly id: string, readonly name: string }> | null };

export type SignOutMutationVariables = Exact<{
  input: SignOutInput;
}>;


export type SignOutMutation = { readonly signOut: { readonly status: SignOutStatus, readonly ended: number, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type SignOutEverywhereMutationVariables = Exact<{
  input: SignOutEverywhereInput;
}>;


export type SignOutEverywhereMutation = { readonly signOutEverywhere: { readonly status: SignOutStatus, readonly ended: number, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null } | null };

export type SlaBehindQueryVariables = Exact<{
  key: Scalars['ID']['input'];
  number: SlaReportNumber;
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type SlaBehindQuery = { readonly slaBehind: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly clock: SlaClockKind, readonly state: SlaState, readonly outcome: SlaOutcome, readonly startedAt: string, readonly endedAt: string | null, readonly elapsedMs: number, readonly targetMs: number | null, readonly deadline: string | null, readonly breachedAt: string | null, readonly queue: { readonly id: string, readonly name: string } | null, readonly agent: { readonly id: string, readonly name: string } | null, readonly conversation: { readonly id: string, readonly contact: { readonly id: string, readonly name: string | null } | null } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } | null };

export type SlaReportQueryVariables = Exact<{
  from: Scalars['Date']['input'];
  to: Scalars['Date']['input'];
  filter?: InputMaybe<SlaReportFilter>;
  groupBy?: InputMaybe<ReadonlyArray<SlaReportBy> | SlaReportBy>;
}>;


export type SlaReportQuery = { readonly slaReport: { readonly from: string, readonly to: string, readonly zone: string, readonly restatedAt: string | null, readonly rows: ReadonlyArray<{ readonly key: string, readonly clock: SlaClockKind, readonly day: string | null, readonly teamId: string | null, readonly priority: number | null, readonly ended: number, readonly met: number, readonly breached: number, readonly void: number, readonly noTarget: number, readonly metPercent: number | null, readonly fulfilled: number, readonly countedMs: number, readonly meanMs: number | null, readonly p50Ms: number | null, readonly p90Ms: number | null, readonly p99Ms: number | null, readonly running: number | null, readonly atRisk: number | null, readonly overdue: number | null, readonly restatedAt: string | null, readonly queue: { readonly id: string, readonly name: string } | null, readonly policy: { readonly id: string, readonly name: string | null, readonly version: number } | null }> } | null };

export type SpeakerTakeMutationVariables = Exact<{
  input: SpeakerTakeInput;
  key: Scalars['String']['input'];
}>;


export type SpeakerTakeMutation = { readonly speakerTake: { readonly status: WorkStatus, readonly epoch: number | null, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly version: number } | null } | null };

export type TagRetireMutationVariables = Exact<{
  input: TagRetireInput;
  key: Scalars['String']['input'];
}>;


export type TagRetireMutation = { readonly tagRetire: { readonly status: AsideStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly tag: { readonly id: string, readonly name: string, readonly retiredAt: string | null } | null } | null };

export type TagSaveMutationVariables = Exact<{
  input: TagSaveInput;
  key: Scalars['String']['input'];
}>;


export type TagSaveMutation = { readonly tagSave: { readonly status: AsideStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly faults: ReadonlyArray<{ readonly path: string, readonly problem: string, readonly mend: string }>, readonly tag: { readonly id: string, readonly name: string, readonly description: string, readonly color: string | null, readonly retiredAt: string | null } | null } | null };

export type TagsQueryVariables = Exact<{ [key: string]: never; }>;


export type TagsQuery = { readonly tags: ReadonlyArray<{ readonly id: string, readonly name: string, readonly description: string, readonly color: string | null }> | null };

export type ThirdPartyInboxChooseMutationVariables = Exact<{
  input: ThirdPartyInboxChooseInput;
  key: Scalars['String']['input'];
}>;


export type ThirdPartyInboxChooseMutation = { readonly thirdPartyInboxChoose: { readonly status: ThirdPartyInboxChooseStatus, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly agent: { readonly id: string, readonly thirdPartyInbox: ThirdPartyInbox, readonly thirdPartyInboxIsOwn: boolean } | null, readonly workspace: { readonly id: string, readonly thirdPartyInbox: ThirdPartyInbox } | null } | null };

export type TransferAnswerMutationVariables = Exact<{
  input: TransferAnswerInput;
  key: Scalars['String']['input'];
}>;


export type TransferAnswerMutation = { readonly transferAnswer: { readonly status: WorkStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly version: number } | null, readonly transfer: { readonly id: string, readonly state: TransferState } | null } | null };

export type ViewConversationsQueryVariables = Exact<{
  viewId: Scalars['ID']['input'];
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['Cursor']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  before?: InputMaybe<Scalars['Cursor']['input']>;
}>;


export type ViewConversationsQuery = { readonly conversations: { readonly totalCount: number | null, readonly nodes: ReadonlyArray<{ readonly id: string, readonly status: ConversationStatus, readonly tags: ReadonlyArray<string> | null, readonly lastText: string, readonly lastMessageAt: string, readonly contact: { readonly id: string, readonly name: string | null } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly hasPreviousPage: boolean, readonly startCursor: string | null, readonly endCursor: string | null } } | null };

export type ViewRetireMutationVariables = Exact<{
  input: ViewRetireInput;
  key: Scalars['String']['input'];
}>;


export type ViewRetireMutation = { readonly viewRetire: { readonly status: AsideStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly view: { readonly id: string } | null } | null };

export type ViewSaveMutationVariables = Exact<{
  input: ViewSaveInput;
  key: Scalars['String']['input'];
}>;


export type ViewSaveMutation = { readonly viewSave: { readonly status: AsideStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly faults: ReadonlyArray<{ readonly path: string, readonly problem: string, readonly mend: string }>, readonly view: { readonly id: string, readonly name: string, readonly condition: unknown, readonly isShared: boolean, readonly version: number } | null } | null };

export type ViewsQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewsQuery = { readonly views: ReadonlyArray<{ readonly id: string, readonly name: string, readonly condition: unknown, readonly isShared: boolean, readonly version: number, readonly conversationCount: number | null }> | null };

export type WhyInViewQueryVariables = Exact<{
  viewId: Scalars['ID']['input'];
  conversationId: Scalars['ID']['input'];
}>;


export type WhyInViewQuery = { readonly whyInView: ReadonlyArray<{ readonly path: string, readonly test: string, readonly holds: boolean, readonly why: string }> | null };

export type WorkPullMutationVariables = Exact<{
  input: WorkPullInput;
  key: Scalars['String']['input'];
}>;


export type WorkPullMutation = { readonly workPull: { readonly status: WorkStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly version: number } | null, readonly workItem: { readonly id: string, readonly state: WorkItemState } | null } | null };

export type WorkReleaseMutationVariables = Exact<{
  input: WorkReleaseInput;
  key: Scalars['String']['input'];
}>;


export type WorkReleaseMutation = { readonly workRelease: { readonly status: WorkStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly version: number } | null, readonly workItem: { readonly id: string, readonly state: WorkItemState } | null, readonly transfer: { readonly id: string } | null } | null };

export type WorkTransferMutationVariables = Exact<{
  input: WorkTransferInput;
  key: Scalars['String']['input'];
}>;


export type WorkTransferMutation = { readonly workTransfer: { readonly status: WorkStatus, readonly version: number | null, readonly refusal: { readonly code: string, readonly message: string, readonly path: ReadonlyArray<string> } | null, readonly conversation: { readonly id: string, readonly version: number } | null, readonly workItem: { readonly id: string, readonly state: WorkItemState } | null, readonly transfer: { readonly id: string, readonly state: TransferState, readonly expiresAt: string | null } | null } | null };

export const ApiKeyCreate = /* @__PURE__ */ new Document<ApiKeyCreateMutation, ApiKeyCreateMutationVariables>("ApiKeyCreate", "mutation", `mutation ApiKeyCreate(\$input: ApiKeyCreateInput!) {
  apiKeyCreate(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    secret
    apiKey {
      id
      name
      hint
      permissions
      expiresAt
    }
  }
}`);

export const ApiKeyRevoke = /* @__PURE__ */ new Document<ApiKeyRevokeMutation, ApiKeyRevokeMutationVariables>("ApiKeyRevoke", "mutation", `mutation ApiKeyRevoke(\$input: ApiKeyRevokeInput!) {
  apiKeyRevoke(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    apiKey {
      id
      revokedAt
    }
  }
}`);

export const AttachmentRetry = /* @__PURE__ */ new Document<AttachmentRetryMutation, AttachmentRetryMutationVariables>("AttachmentRetry", "mutation", `mutation AttachmentRetry(\$input: AttachmentRetryInput!, \$key: String!) {
  attachmentRetry(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    attachment {
      id
      state
      failure {
        code
        message
        tries
        nextTryAt
      }
    }
    version
  }
}`);

export const AuditEntries = /* @__PURE__ */ new Document<AuditEntriesQuery, AuditEntriesQueryVariables>("AuditEntries", "query", `query AuditEntries(\$first: Int, \$after: Cursor) {
  auditEntries(first: \$first, after: \$after) {
    totalCount
    nodes {
      id
      index
      kind
      occurredAt
      hash
      body
      actor {
        kind
        agent {
          id
          name
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`);

export const ContactConsent = /* @__PURE__ */ new Document<ContactConsentMutation, ContactConsentMutationVariables>("ContactConsent", "mutation", `mutation ContactConsent(\$input: ContactConsentInput!, \$key: String!) {
  contactConsent(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    contact {
      id
      consents {
        network
        state
        saidAt
      }
    }
  }
}`);

export const ContactLink = /* @__PURE__ */ new Document<ContactLinkMutation, ContactLinkMutationVariables>("ContactLink", "mutation", `mutation ContactLink(\$input: ContactLinkInput!, \$key: String!) {
  contactLink(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    contact {
      id
      linkedInto {
        id
        name
      }
    }
  }
}`);

export const ContactRename = /* @__PURE__ */ new Document<ContactRenameMutation, ContactRenameMutationVariables>("ContactRename", "mutation", `mutation ContactRename(\$input: ContactRenameInput!, \$key: String!) {
  contactRename(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    contact {
      id
      name
      nameSource
    }
  }
}`);

export const ContactUnlink = /* @__PURE__ */ new Document<ContactUnlinkMutation, ContactUnlinkMutationVariables>("ContactUnlink", "mutation", `mutation ContactUnlink(\$input: ContactUnlinkInput!, \$key: String!) {
  contactUnlink(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    contact {
      id
      linkedInto {
        id
      }
      notes {
        id
        kind
        text
        agent {
          id
          name
        }
        message {
          id
        }
        writtenAt
      }
    }
  }
}`);

export const Conversation = /* @__PURE__ */ new Document<ConversationQuery, ConversationQueryVariables>("Conversation", "query", `query Conversation(\$id: ID!, \$last: Int = 25, \$before: Cursor) {
  conversation(id: \$id) {
    id
    status
    version
    canReplyUntil
    replyState
    replyRoute {
      inbox {
        id
        name
        channel
      }
      identity {
        id
        network
        namespace
        value
      }
      why
      works
      refusal {
        code
        message
      }
      alternatives {
        inbox {
          id
          name
          channel
        }
        contact {
          id
        }
        identity {
          id
          value
        }
        works
        state
        refusal {
          code
          message
        }
      }
    }
    contact {
      id
      name
      nameSource
      locale
      identities {
        id
        network
        namespace
        value
        verifiedBy
        consent
        validFrom
        validTo
        contactId
      }
      consents {
        network
        state
        saidAt
      }
      linked {
        id
        name
      }
    }
    isGroup
    participants {
      contact {
        id
        name
      }
      name
      nameSource
      messages
      lastWroteAt
      standing
      role
      invitedAt
      joinedAt
      leftAt
    }
    assignee {
      id
      name
    }
    queue {
      id
      name
    }
    episode {
      id
      number
      openedAt
      firstReplyAt
      resolvedAt
    }
    capabilities {
      content
      files {
        kind
        types
        maxBytes
      }
      maxText
      maxCaption
      textUnit
      longText
      replyWindowSeconds
      replies
      reactions
      typing
      markRead
      edits
      deletes
      templates
      idempotencyKey
    }
    workItem {
      id
      state
      decision {
        id
        policy
        tieRule
        candidates {
          idleMs
          load
          capacity
          agent {
            id
            name
          }
        }
        excluded {
          reason
          until
          agent {
            id
            name
          }
        }
      }
    }
    messages(last: \$last, before: \$before) {
      nodes {
        id
        direction
        text
        sentAt
        revision
        deletedAt
        version
        author {
          __typename
          ... on Agent {
            id
            agentName: name
          }
          ... on Contact {
            id
            contactName: name
          }
        }
        content {
          __typename
          ... on TextContent {
            text
          }
          ... on MediaContent {
            kind
            url
            fileName
            caption
          }
          ... on LocationContent {
            latitude
            longitude
            name
          }
          ... on AnswerContent {
            title
          }
        }
        attachments {
          id
          state
          kind
          fileName
          mimeType
          size
          link {
            url
            expiresAt
          }
          failure {
            code
            message
            nextTryAt
          }
        }
        inbox {
          id
          channel
        }
        recipient {
          id
        }
        delivery {
          state
          attempts
          failure {
            reason
            retryable
            detail
          }
        }
        recipients {
          contact {
            id
          }
          state
          failure {
            reason
            detail
          }
          toldAt
        }
        reactions {
          author
          emojis
        }
        replyTo {
          id
          text
        }
        origin {
          forwarded
          quote
          album
          product {
            catalog
            product
          }
          referral {
            kind
            providerId
            url
            headline
            body
            click
          }
        }
      }
      pageInfo {
        hasPreviousPage
        startCursor
      }
    }
  }
}`);

export const ConversationHold = /* @__PURE__ */ new Document<ConversationHoldMutation, ConversationHoldMutationVariables>("ConversationHold", "mutation", `mutation ConversationHold(\$input: ConversationHoldInput!, \$key: String!) {
  conversationHold(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    conversation {
      id
      status
      heldReason
      version
    }
    version
  }
}`);

export const ConversationMerge = /* @__PURE__ */ new Document<ConversationMergeMutation, ConversationMergeMutationVariables>("ConversationMerge", "mutation", `mutation ConversationMerge(\$input: ConversationMergeInput!, \$key: String!) {
  conversationMerge(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    conversation {
      id
      status
      version
      mergedFrom {
        id
      }
      messages(last: 25) {
        nodes {
          id
          text
        }
      }
    }
    version
  }
}`);

export const ConversationNotes = /* @__PURE__ */ new Document<ConversationNotesQuery, ConversationNotesQueryVariables>("ConversationNotes", "query", `query ConversationNotes(\$id: ID!, \$last: Int, \$before: Cursor) {
  conversation(id: \$id) {
    id
    notes(last: \$last, before: \$before) {
      nodes {
        id
        text
        version
        writtenAt
        deletedAt
        author {
          id
          name
        }
        mentions {
          id
          name
        }
      }
      pageInfo {
        hasPreviousPage
        startCursor
      }
    }
    draft {
      text
      version
    }
  }
}`);

export const ConversationResolve = /* @__PURE__ */ new Document<ConversationResolveMutation, ConversationResolveMutationVariables>("ConversationResolve", "mutation", `mutation ConversationResolve(\$input: ConversationResolveInput!, \$key: String!) {
  conversationResolve(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    conversation {
      id
      status
      version
    }
    version
  }
}`);

export const ConversationSeen = /* @__PURE__ */ new Document<ConversationSeenMutation, ConversationSeenMutationVariables>("ConversationSeen", "mutation", `mutation ConversationSeen(\$input: ConversationSeenInput!) {
  conversationSeen(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
  }
}`);

export const ConversationSla = /* @__PURE__ */ new Document<ConversationSlaQuery, ConversationSlaQueryVariables>("ConversationSla", "query", `query ConversationSla(\$id: ID!, \$running: Boolean = true) {
  conversation(id: \$id) {
    id
    status
    slaClocks(running: \$running) {
      id
      clock
      number
      state
      outcome
      isAtRisk
      pausedIn
      holiday
      opensAt
      startedAt
      endedAt
      elapsed
      elapsedMs
      target
      targetMs
      remaining
      remainingMs
      remainingWall
      remainingWallMs
      deadline
      breachedAt
      hours
      schedule
      priority
      policy {
        id
        name
        version
      }
    }
    episode {
      id
      number
      openedAt
      resolvedAt
      waitLedger {
        wallMs
        agentMs
        customerMs
        thirdPartyMs
        systemMs
        closedHoursMs
        spans {
          from
          to
          owner
        }
      }
    }
  }
}`);

export const ConversationSnooze = /* @__PURE__ */ new Document<ConversationSnoozeMutation, ConversationSnoozeMutationVariables>("ConversationSnooze", "mutation", `mutation ConversationSnooze(\$input: ConversationSnoozeInput!, \$key: String!) {
  conversationSnooze(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    conversation {
      id
      status
      snoozedUntil
      version
    }
    version
  }
}`);

export const ConversationStart = /* @__PURE__ */ new Document<ConversationStartMutation, ConversationStartMutationVariables>("ConversationStart", "mutation", `mutation ConversationStart(\$input: ConversationStartInput!, \$key: String!) {
  conversationStart(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    conversation {
      id
      status
      version
    }
    message {
      id
      text
      delivery {
        state
      }
      inbox {
        id
        channel
      }
      recipient {
        id
      }
    }
    version
    instead {
      kind
      contentKinds
      conversation {
        id
      }
      inbox {
        id
        channel
      }
      contact {
        id
      }
    }
  }
}`);

export const ConversationTag = /* @__PURE__ */ new Document<ConversationTagMutation, ConversationTagMutationVariables>("ConversationTag", "mutation", `mutation ConversationTag(\$input: ConversationTagInput!, \$key: String!) {
  conversationTag(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    version
    conversation {
      id
      version
      tags
    }
  }
}`);

export const ConversationTyping = /* @__PURE__ */ new Document<ConversationTypingMutation, ConversationTypingMutationVariables>("ConversationTyping", "mutation", `mutation ConversationTyping(\$input: ConversationTypingInput!) {
  conversationTyping(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
  }
}`);

export const ConversationUnmerge = /* @__PURE__ */ new Document<ConversationUnmergeMutation, ConversationUnmergeMutationVariables>("ConversationUnmerge", "mutation", `mutation ConversationUnmerge(\$input: ConversationUnmergeInput!, \$key: String!) {
  conversationUnmerge(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    conversation {
      id
      status
      version
      mergedInto {
        id
      }
    }
    version
  }
}`);

export const ConversationUntag = /* @__PURE__ */ new Document<ConversationUntagMutation, ConversationUntagMutationVariables>("ConversationUntag", "mutation", `mutation ConversationUntag(\$input: ConversationTagInput!, \$key: String!) {
  conversationUntag(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    version
    conversation {
      id
      version
      tags
    }
  }
}`);

export const DeskEvents = /* @__PURE__ */ new Document<DeskEventsSubscription, DeskEventsSubscriptionVariables>("DeskEvents", "subscription", `subscription DeskEvents(\$after: Cursor, \$kinds: [String!]) {
  deskEvents(after: \$after, kinds: \$kinds) {
    id
    cursor
    seq
    kind
    occurredAt
    traceparent
    actor {
      kind
      agent {
        id
        name
      }
      contact {
        id
        name
      }
    }
    conversation {
      id
      status
      version
      lastText
    }
    message {
      id
      direction
      text
      delivery {
        state
      }
    }
    offer {
      id
      state
      expiresAt
      agent {
        id
      }
    }
    agent {
      id
      name
      presence
    }
  }
}`);

export const DraftSave = /* @__PURE__ */ new Document<DraftSaveMutation, DraftSaveMutationVariables>("DraftSave", "mutation", `mutation DraftSave(\$input: DraftSaveInput!, \$key: String!) {
  draftSave(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    version
    draft {
      text
      version
      changedAt
    }
  }
}`);

export const Drafts = /* @__PURE__ */ new Document<DraftsQuery, DraftsQueryVariables>("Drafts", "query", `query Drafts(\$first: Int) {
  drafts(first: \$first) {
    text
    version
    changedAt
    conversation {
      id
      contact {
        id
        name
      }
    }
  }
}`);

export const ExplainSla = /* @__PURE__ */ new Document<ExplainSlaQuery, ExplainSlaQueryVariables>("ExplainSla", "query", `query ExplainSla(\$clock: ID!) {
  explainSla(clock: \$clock) {
    clock {
      id
      clock
      state
      outcome
      targetMs
      deadline
      policy {
        id
        name
        version
      }
    }
    elapsedMs
    intervals {
      from
      to
      why
      holiday
      state
      hours
      scheduleId
      eventId
      forgotten
      lengthMs
      totalMs
    }
    entries {
      at
      what
      eventId
      state
      step
      targetMs
    }
  }
}`);

export const IdentityProviderRetire = /* @__PURE__ */ new Document<IdentityProviderRetireMutation, IdentityProviderRetireMutationVariables>("IdentityProviderRetire", "mutation", `mutation IdentityProviderRetire(\$input: IdentityProviderRetireInput!) {
  identityProviderRetire(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    identityProvider {
      id
      retiredAt
    }
  }
}`);

export const IdentityProviderSet = /* @__PURE__ */ new Document<IdentityProviderSetMutation, IdentityProviderSetMutationVariables>("IdentityProviderSet", "mutation", `mutation IdentityProviderSet(\$input: IdentityProviderSetInput!) {
  identityProviderSet(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    faults {
      path
      problem
      mend
    }
    identityProvider {
      id
      name
      issuer
      hasClientSecret
    }
  }
}`);

export const IdentityProviders = /* @__PURE__ */ new Document<IdentityProvidersQuery, IdentityProvidersQueryVariables>("IdentityProviders", "query", `query IdentityProviders {
  identityProviders {
    id
    name
    issuer
    clientId
    hasClientSecret
    scopes
    groupsClaim
    groupRoles {
      group
      role
      customRole {
        id
        name
      }
    }
    fallbackRole
    fallbackCustomRole {
      id
      name
    }
    createsAgents
    trustsEmail
    redirectUrls
    createdAt
  }
}`);

export const Inbox = /* @__PURE__ */ new Document<InboxQuery, InboxQueryVariables>("Inbox", "query", `query Inbox(\$first: Int, \$after: Cursor, \$filter: ConversationFilter) {
  conversations(first: \$first, after: \$after, filter: \$filter) {
    totalCount
    nodes {
      id
      status
      version
      lastText
      lastMessageAt
      canReplyUntil
      contact {
        id
        name
      }
      assignee {
        id
        name
      }
      queue {
        id
        name
      }
      inbox {
        id
        name
        channel
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`);

export const InboxHealth = /* @__PURE__ */ new Document<InboxHealthQuery, InboxHealthQueryVariables>("InboxHealth", "query", `query InboxHealth {
  inboxes {
    id
    name
    channel
    health {
      state
      reason
      detail
      since
      perSecond
      checkedAt
      conditions {
        subject
        state
        reason
        detail
        since
      }
      events {
        subject
        state
        reason
        detail
        at
      }
    }
    templates {
      name
      language
      status
      category
      quality
      reason
      text
      variables {
        place
        button
        name
        kind
      }
    }
    serviceMessages {
      month
      delivered
    }
  }
}`);

export const LiveConversation = /* @__PURE__ */ new Document<LiveConversationSubscription, LiveConversationSubscriptionVariables>("LiveConversation", "subscription", `subscription LiveConversation(\$id: ID!, \$after: Cursor) {
  conversation(id: \$id, after: \$after) {
    __typename
    cursor
    ... on ConversationSnapshot {
      conversation {
        id
        status
        version
        assignee {
          id
          name
        }
        messages(last: 50) {
          nodes {
            id
            direction
            text
            sentAt
            delivery {
              state
            }
          }
        }
      }
    }
    ... on ConversationEvent {
      conversation {
        id
        status
        version
        assignee {
          id
          name
        }
      }
      event {
        id
        kind
        occurredAt
        actor {
          kind
          agent {
            id
            name
          }
        }
        message {
          id
          direction
          text
          sentAt
          delivery {
            state
          }
        }
      }
    }
    ... on ConversationLeft {
      conversationId
    }
  }
}`);

export const LiveInbox = /* @__PURE__ */ new Document<LiveInboxSubscription, LiveInboxSubscriptionVariables>("LiveInbox", "subscription", `subscription LiveInbox(\$filter: ConversationFilter, \$viewId: ID, \$first: Int, \$after: Cursor) {
  inbox(filter: \$filter, viewId: \$viewId, first: \$first, after: \$after) {
    __typename
    cursor
    ... on InboxSnapshot {
      nodes {
        id
        status
        version
        lastText
        lastMessageAt
        contact {
          id
          name
        }
        assignee {
          id
          name
        }
        queue {
          id
          name
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
    ... on InboxRow {
      conversation {
        id
        status
        version
        lastText
        lastMessageAt
        contact {
          id
          name
        }
        assignee {
          id
          name
        }
        queue {
          id
          name
        }
      }
    }
    ... on ConversationLeft {
      conversationId
    }
  }
}`);

export const LiveOffers = /* @__PURE__ */ new Document<LiveOffersSubscription, LiveOffersSubscriptionVariables>("LiveOffers", "subscription", `subscription LiveOffers(\$after: Cursor) {
  offers(after: \$after) {
    __typename
    cursor
    ... on OffersSnapshot {
      offers {
        id
        state
        expiresAt
        queue {
          id
          name
        }
        conversation {
          id
          lastText
          contact {
            id
            name
          }
        }
      }
    }
    ... on OfferChange {
      offer {
        id
        state
        expiresAt
        queue {
          id
          name
        }
        conversation {
          id
          lastText
          contact {
            id
            name
          }
        }
      }
    }
  }
}`);

export const LivePresence = /* @__PURE__ */ new Document<LivePresenceSubscription, LivePresenceSubscriptionVariables>("LivePresence", "subscription", `subscription LivePresence(\$after: Cursor) {
  presence(after: \$after) {
    __typename
    cursor
    ... on PresenceSnapshot {
      agents {
        id
        name
        presence
      }
    }
    ... on AgentPresence {
      agent {
        id
        name
        presence
      }
    }
    ... on AgentLeft {
      agentId
    }
  }
}`);

export const LiveQueueStats = /* @__PURE__ */ new Document<LiveQueueStatsSubscription, LiveQueueStatsSubscriptionVariables>("LiveQueueStats", "subscription", `subscription LiveQueueStats(\$queueIds: [ID!], \$after: Cursor) {
  queueStats(queueIds: \$queueIds, after: \$after) {
    __typename
    cursor
    ... on QueueStatsSnapshot {
      queues {
        queue {
          id
          name
        }
        stats {
          at
          waiting
          oldestWaitingSince
          offered
          inWork
          atRisk
          breached
          agents {
            presence
            agents
          }
        }
      }
    }
    ... on QueueStanding {
      queue {
        id
        name
      }
      stats {
        at
        waiting
        oldestWaitingSince
        offered
        inWork
        atRisk
        breached
        agents {
          presence
          agents
        }
      }
    }
  }
}`);

export const LiveSlaClocks = /* @__PURE__ */ new Document<LiveSlaClocksSubscription, LiveSlaClocksSubscriptionVariables>("LiveSlaClocks", "subscription", `subscription LiveSlaClocks(\$first: Int, \$after: Cursor) {
  slaClocks(first: \$first, after: \$after) {
    __typename
    cursor
    ... on SlaClocksSnapshot {
      clocks {
        id
        clock
        state
        outcome
        isAtRisk
        remainingMs
        deadline
        conversation {
          id
        }
      }
    }
    ... on SlaChange {
      seq
      kind
      at
      changed
      clocks {
        id
        clock
        state
        outcome
        isAtRisk
        remainingMs
        deadline
        breachedAt
      }
      conversation {
        id
        status
        assignee {
          id
          name
        }
        queue {
          id
          name
        }
      }
    }
    ... on SlaClocksShown {
      clocks {
        id
        clock
        state
        outcome
        isAtRisk
        remainingMs
        deadline
        conversation {
          id
        }
      }
    }
    ... on ConversationLeft {
      conversationId
    }
  }
}`);

export const LiveViewing = /* @__PURE__ */ new Document<LiveViewingSubscription, LiveViewingSubscriptionVariables>("LiveViewing", "subscription", `subscription LiveViewing(\$conversationId: ID!) {
  viewing(conversationId: \$conversationId) {
    colleagues {
      agent {
        id
        name
      }
      isTyping
    }
    customerTyping
  }
}`);

export const Me = /* @__PURE__ */ new Document<MeQuery, MeQueryVariables>("Me", "query", `query Me {
  me {
    id
    name
    email
    role
    presence
    load
    capacity
    thirdPartyInbox
  }
}`);

export const MessageDelete = /* @__PURE__ */ new Document<MessageDeleteMutation, MessageDeleteMutationVariables>("MessageDelete", "mutation", `mutation MessageDelete(\$input: MessageDeleteInput!, \$key: String!) {
  messageDelete(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    change {
      id
      kind
      text
      emoji
      delivery {
        state
        attempts
        failure {
          reason
          detail
        }
      }
    }
    message {
      id
      text
      revision
      deletedAt
      reactions {
        author
        emojis
      }
    }
    version
  }
}`);

export const MessageEdit = /* @__PURE__ */ new Document<MessageEditMutation, MessageEditMutationVariables>("MessageEdit", "mutation", `mutation MessageEdit(\$input: MessageEditInput!, \$key: String!) {
  messageEdit(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    change {
      id
      kind
      text
      emoji
      delivery {
        state
        attempts
        failure {
          reason
          detail
        }
      }
    }
    message {
      id
      text
      revision
      deletedAt
      reactions {
        author
        emojis
      }
    }
    version
  }
}`);

export const MessageReply = /* @__PURE__ */ new Document<MessageReplyMutation, MessageReplyMutationVariables>("MessageReply", "mutation", `mutation MessageReply(\$input: MessageReplyInput!, \$key: String!) {
  messageReply(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    message {
      id
      text
      delivery {
        state
      }
      replyTo {
        id
      }
    }
    conversation {
      id
      status
      version
    }
    version
    missed
    windowClosedAt
    instead {
      kind
      contentKinds
      conversation {
        id
      }
      inbox {
        id
        channel
      }
      contact {
        id
      }
    }
  }
}`);

export const NoteDelete = /* @__PURE__ */ new Document<NoteDeleteMutation, NoteDeleteMutationVariables>("NoteDelete", "mutation", `mutation NoteDelete(\$input: NoteDeleteInput!, \$key: String!) {
  noteDelete(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    version
    note {
      id
      text
      deletedAt
    }
  }
}`);

export const NoteWrite = /* @__PURE__ */ new Document<NoteWriteMutation, NoteWriteMutationVariables>("NoteWrite", "mutation", `mutation NoteWrite(\$input: NoteWriteInput!, \$key: String!) {
  noteWrite(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    version
    note {
      id
      text
      version
      writtenAt
      author {
        id
        name
      }
      mentions {
        id
        name
      }
    }
  }
}`);

export const Notifications = /* @__PURE__ */ new Document<NotificationsQuery, NotificationsQueryVariables>("Notifications", "query", `query Notifications(\$first: Int, \$unreadOnly: Boolean) {
  notifications(first: \$first, unreadOnly: \$unreadOnly) {
    id
    kind
    clock
    step
    at
    deadline
    dueAt
    readAt
    conversation {
      id
    }
  }
}`);

export const NotificationsRead = /* @__PURE__ */ new Document<NotificationsReadMutation, NotificationsReadMutationVariables>("NotificationsRead", "mutation", `mutation NotificationsRead(\$input: NotificationsReadInput!) {
  notificationsRead(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    count
  }
}`);

export const OfferAccept = /* @__PURE__ */ new Document<OfferAcceptMutation, OfferAcceptMutationVariables>("OfferAccept", "mutation", `mutation OfferAccept(\$input: OfferAcceptInput!, \$key: String!) {
  offerAccept(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    offer {
      id
      state
    }
    conversation {
      id
      status
      version
      assignee {
        id
        name
      }
    }
    version
  }
}`);

export const OfferDecline = /* @__PURE__ */ new Document<OfferDeclineMutation, OfferDeclineMutationVariables>("OfferDecline", "mutation", `mutation OfferDecline(\$input: OfferDeclineInput!, \$key: String!) {
  offerDecline(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    offer {
      id
      state
    }
    version
  }
}`);

export const Offers = /* @__PURE__ */ new Document<OffersQuery, OffersQueryVariables>("Offers", "query", `query Offers {
  offers {
    id
    expiresAt
    queue {
      id
      name
    }
    conversation {
      id
      lastText
      contact {
        id
        name
      }
      inbox {
        id
        channel
      }
    }
  }
}`);

export const PasswordChange = /* @__PURE__ */ new Document<PasswordChangeMutation, PasswordChangeMutationVariables>("PasswordChange", "mutation", `mutation PasswordChange(\$input: PasswordChangeInput!) {
  passwordChange(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
  }
}`);

export const PasswordReset = /* @__PURE__ */ new Document<PasswordResetMutation, PasswordResetMutationVariables>("PasswordReset", "mutation", `mutation PasswordReset(\$input: PasswordResetInput!) {
  passwordReset(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
  }
}`);

export const PasswordResetRequest = /* @__PURE__ */ new Document<PasswordResetRequestMutation, PasswordResetRequestMutationVariables>("PasswordResetRequest", "mutation", `mutation PasswordResetRequest(\$input: PasswordResetRequestInput!) {
  passwordResetRequest(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
  }
}`);

export const PresenceSet = /* @__PURE__ */ new Document<PresenceSetMutation, PresenceSetMutationVariables>("PresenceSet", "mutation", `mutation PresenceSet(\$input: PresenceSetInput!, \$key: String!) {
  presenceSet(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    agent {
      id
      presence
    }
    version
  }
}`);

export const ProviderSignInBegin = /* @__PURE__ */ new Document<ProviderSignInBeginMutation, ProviderSignInBeginMutationVariables>("ProviderSignInBegin", "mutation", `mutation ProviderSignInBegin(\$input: ProviderSignInBeginInput!) {
  providerSignInBegin(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    url
    state
    verifier
    expiresAt
  }
}`);

export const ProviderSignInFinish = /* @__PURE__ */ new Document<ProviderSignInFinishMutation, ProviderSignInFinishMutationVariables>("ProviderSignInFinish", "mutation", `mutation ProviderSignInFinish(\$input: ProviderSignInFinishInput!) {
  providerSignInFinish(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    token
    expiresAt
    refreshToken
    refreshExpiresAt
    agent {
      id
      name
      role
    }
  }
}`);

export const ReactionSet = /* @__PURE__ */ new Document<ReactionSetMutation, ReactionSetMutationVariables>("ReactionSet", "mutation", `mutation ReactionSet(\$input: ReactionSetInput!, \$key: String!) {
  reactionSet(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    change {
      id
      kind
      text
      emoji
      delivery {
        state
        attempts
        failure {
          reason
          detail
        }
      }
    }
    message {
      id
      text
      revision
      deletedAt
      reactions {
        author
        emojis
      }
    }
    version
  }
}`);

export const Search = /* @__PURE__ */ new Document<SearchQuery, SearchQueryVariables>("Search", "query", `query Search(\$text: String!, \$first: Int, \$after: Cursor, \$filter: SearchFilter) {
  search(text: \$text, first: \$first, after: \$after, filter: \$filter) {
    edges {
      cursor
      node {
        kind
        at
        highlight {
          text
          isMatch
        }
        contact {
          id
          name
        }
        conversation {
          id
          status
          contact {
            id
            name
          }
        }
        message {
          id
          direction
          sentAt
        }
        note {
          id
          writtenAt
          author {
            id
            name
          }
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`);

export const SecondFactor = /* @__PURE__ */ new Document<SecondFactorQuery, SecondFactorQueryVariables>("SecondFactor", "query", `query SecondFactor {
  secondFactor {
    confirmedAt
    recoveryCodesLeft
  }
}`);

export const SecondFactorBegin = /* @__PURE__ */ new Document<SecondFactorBeginMutation, SecondFactorBeginMutationVariables>("SecondFactorBegin", "mutation", `mutation SecondFactorBegin(\$input: SecondFactorBeginInput!) {
  secondFactorBegin(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    secret
    uri
  }
}`);

export const SecondFactorConfirm = /* @__PURE__ */ new Document<SecondFactorConfirmMutation, SecondFactorConfirmMutationVariables>("SecondFactorConfirm", "mutation", `mutation SecondFactorConfirm(\$input: SecondFactorConfirmInput!) {
  secondFactorConfirm(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    recoveryCodes
  }
}`);

export const SecondFactorRemove = /* @__PURE__ */ new Document<SecondFactorRemoveMutation, SecondFactorRemoveMutationVariables>("SecondFactorRemove", "mutation", `mutation SecondFactorRemove(\$input: SecondFactorRemoveInput!) {
  secondFactorRemove(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
  }
}`);

export const SessionRefresh = /* @__PURE__ */ new Document<SessionRefreshMutation, SessionRefreshMutationVariables>("SessionRefresh", "mutation", `mutation SessionRefresh(\$input: SessionRefreshInput!) {
  sessionRefresh(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    token
    expiresAt
    refreshToken
    refreshExpiresAt
  }
}`);

export const Sessions = /* @__PURE__ */ new Document<SessionsQuery, SessionsQueryVariables>("Sessions", "query", `query Sessions {
  sessions {
    id
    device
    createdAt
    seenAt
    expiresAt
  }
  apiKeys {
    id
    name
    hint
    permissions
    createdAt
    expiresAt
    lastUsedAt
    revokedAt
  }
}`);

export const SignIn = /* @__PURE__ */ new Document<SignInMutation, SignInMutationVariables>("SignIn", "mutation", `mutation SignIn(\$input: SignInInput!) {
  signIn(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    token
    expiresAt
    agent {
      id
      name
    }
  }
}`);

export const SignInProviders = /* @__PURE__ */ new Document<SignInProvidersQuery, SignInProvidersQueryVariables>("SignInProviders", "query", `query SignInProviders(\$workspace: String!) {
  signInProviders(workspace: \$workspace) {
    id
    name
  }
}`);

export const SignOut = /* @__PURE__ */ new Document<SignOutMutation, SignOutMutationVariables>("SignOut", "mutation", `mutation SignOut(\$input: SignOutInput!) {
  signOut(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    ended
  }
}`);

export const SignOutEverywhere = /* @__PURE__ */ new Document<SignOutEverywhereMutation, SignOutEverywhereMutationVariables>("SignOutEverywhere", "mutation", `mutation SignOutEverywhere(\$input: SignOutEverywhereInput!) {
  signOutEverywhere(input: \$input) {
    status
    refusal {
      code
      message
      path
    }
    ended
  }
}`);

export const SlaBehind = /* @__PURE__ */ new Document<SlaBehindQuery, SlaBehindQueryVariables>("SlaBehind", "query", `query SlaBehind(\$key: ID!, \$number: SlaReportNumber!, \$first: Int = 25, \$after: Cursor) {
  slaBehind(key: \$key, number: \$number, first: \$first, after: \$after) {
    nodes {
      id
      clock
      state
      outcome
      startedAt
      endedAt
      elapsedMs
      targetMs
      deadline
      breachedAt
      queue {
        id
        name
      }
      agent {
        id
        name
      }
      conversation {
        id
        contact {
          id
          name
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`);

export const SlaReport = /* @__PURE__ */ new Document<SlaReportQuery, SlaReportQueryVariables>("SlaReport", "query", `query SlaReport(\$from: Date!, \$to: Date!, \$filter: SlaReportFilter, \$groupBy: [SlaReportBy!]) {
  slaReport(from: \$from, to: \$to, filter: \$filter, groupBy: \$groupBy) {
    from
    to
    zone
    restatedAt
    rows {
      key
      clock
      day
      queue {
        id
        name
      }
      teamId
      policy {
        id
        name
        version
      }
      priority
      ended
      met
      breached
      void
      noTarget
      metPercent
      fulfilled
      countedMs
      meanMs
      p50Ms
      p90Ms
      p99Ms
      running
      atRisk
      overdue
      restatedAt
    }
  }
}`);

export const SpeakerTake = /* @__PURE__ */ new Document<SpeakerTakeMutation, SpeakerTakeMutationVariables>("SpeakerTake", "mutation", `mutation SpeakerTake(\$input: SpeakerTakeInput!, \$key: String!) {
  speakerTake(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    conversation {
      id
      version
    }
    epoch
    version
  }
}`);

export const TagRetire = /* @__PURE__ */ new Document<TagRetireMutation, TagRetireMutationVariables>("TagRetire", "mutation", `mutation TagRetire(\$input: TagRetireInput!, \$key: String!) {
  tagRetire(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    version
    tag {
      id
      name
      retiredAt
    }
  }
}`);

export const TagSave = /* @__PURE__ */ new Document<TagSaveMutation, TagSaveMutationVariables>("TagSave", "mutation", `mutation TagSave(\$input: TagSaveInput!, \$key: String!) {
  tagSave(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    version
    faults {
      path
      problem
      mend
    }
    tag {
      id
      name
      description
      color
      retiredAt
    }
  }
}`);

export const Tags = /* @__PURE__ */ new Document<TagsQuery, TagsQueryVariables>("Tags", "query", `query Tags {
  tags {
    id
    name
    description
    color
  }
}`);

export const ThirdPartyInboxChoose = /* @__PURE__ */ new Document<ThirdPartyInboxChooseMutation, ThirdPartyInboxChooseMutationVariables>("ThirdPartyInboxChoose", "mutation", `mutation ThirdPartyInboxChoose(\$input: ThirdPartyInboxChooseInput!, \$key: String!) {
  thirdPartyInboxChoose(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    agent {
      id
      thirdPartyInbox
      thirdPartyInboxIsOwn
    }
    workspace {
      id
      thirdPartyInbox
    }
  }
}`);

export const TransferAnswer = /* @__PURE__ */ new Document<TransferAnswerMutation, TransferAnswerMutationVariables>("TransferAnswer", "mutation", `mutation TransferAnswer(\$input: TransferAnswerInput!, \$key: String!) {
  transferAnswer(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    conversation {
      id
      version
    }
    transfer {
      id
      state
    }
    version
  }
}`);

export const ViewConversations = /* @__PURE__ */ new Document<ViewConversationsQuery, ViewConversationsQueryVariables>("ViewConversations", "query", `query ViewConversations(\$viewId: ID!, \$first: Int, \$after: Cursor, \$last: Int, \$before: Cursor) {
  conversations(
    viewId: \$viewId
    first: \$first
    after: \$after
    last: \$last
    before: \$before
  ) {
    totalCount
    nodes {
      id
      status
      tags
      lastText
      lastMessageAt
      contact {
        id
        name
      }
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
  }
}`);

export const ViewRetire = /* @__PURE__ */ new Document<ViewRetireMutation, ViewRetireMutationVariables>("ViewRetire", "mutation", `mutation ViewRetire(\$input: ViewRetireInput!, \$key: String!) {
  viewRetire(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    version
    view {
      id
    }
  }
}`);

export const ViewSave = /* @__PURE__ */ new Document<ViewSaveMutation, ViewSaveMutationVariables>("ViewSave", "mutation", `mutation ViewSave(\$input: ViewSaveInput!, \$key: String!) {
  viewSave(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    version
    faults {
      path
      problem
      mend
    }
    view {
      id
      name
      condition
      isShared
      version
    }
  }
}`);

export const Views = /* @__PURE__ */ new Document<ViewsQuery, ViewsQueryVariables>("Views", "query", `query Views {
  views {
    id
    name
    condition
    isShared
    version
    conversationCount
  }
}`);

export const WhyInView = /* @__PURE__ */ new Document<WhyInViewQuery, WhyInViewQueryVariables>("WhyInView", "query", `query WhyInView(\$viewId: ID!, \$conversationId: ID!) {
  whyInView(viewId: \$viewId, conversationId: \$conversationId) {
    path
    test
    holds
    why
  }
}`);

export const WorkPull = /* @__PURE__ */ new Document<WorkPullMutation, WorkPullMutationVariables>("WorkPull", "mutation", `mutation WorkPull(\$input: WorkPullInput!, \$key: String!) {
  workPull(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    conversation {
      id
      version
    }
    workItem {
      id
      state
    }
    version
  }
}`);

export const WorkRelease = /* @__PURE__ */ new Document<WorkReleaseMutation, WorkReleaseMutationVariables>("WorkRelease", "mutation", `mutation WorkRelease(\$input: WorkReleaseInput!, \$key: String!) {
  workRelease(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    conversation {
      id
      version
    }
    workItem {
      id
      state
    }
    transfer {
      id
    }
    version
  }
}`);

export const WorkTransfer = /* @__PURE__ */ new Document<WorkTransferMutation, WorkTransferMutationVariables>("WorkTransfer", "mutation", `mutation WorkTransfer(\$input: WorkTransferInput!, \$key: String!) {
  workTransfer(input: \$input) @idempotent(key: \$key) {
    status
    refusal {
      code
      message
      path
    }
    conversation {
      id
      version
    }
    workItem {
      id
      state
    }
    transfer {
      id
      state
      expiresAt
    }
    version
  }
}`);
